/** What other rooms read: published templates and routes, from memory as long as it is current. */

import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import { LoadingCache } from '../cache/loading-cache.ts';
import type { PublishedRoute, TemplatesService } from '../contract.ts';
import { compileTemplate, type SourcedTemplate } from '../sources/compile-template.ts';
import type { DraftStore } from '../store/draft-store.ts';
import type { RouteBody, TemplateBody, TemplateSummary } from '../store/records.ts';

/** How long another process may miss a publish whose Redis message was lost. */
export const PUBLISHED_MAX_AGE_MS = 5_000;

const MAX_POINTERS = 20_000;
const MAX_VERSIONS = 2_000;
/** Characters of sources; compiled they take several times as much. */
const MAX_SOURCE_CHARS = 32 * 1024 * 1024;

interface CachedVersion {
  readonly template: SourcedTemplate;
  readonly sourceChars: number;
}

interface Names {
  readonly workspace: string;
  readonly id: string;
}

/** As other rooms have it, with templates that know their sources. */
export interface PublishedReader extends TemplatesService {
  publishedTemplate(workspace: string, id: string): Promise<SourcedTemplate | undefined>;
  templateVersion(workspace: string, id: string, version: number): Promise<SourcedTemplate | undefined>;
}

/** Reads through caches that the bus keeps current. */
export function publishedReader(
  templates: DraftStore<TemplateBody, TemplateSummary>,
  routes: DraftStore<RouteBody, RouteBody>,
  bus: InvalidationBus,
): PublishedReader {
  const pointers = new LoadingCache<{ readonly version: number }>({
    maxEntries: MAX_POINTERS,
    maxAgeMs: PUBLISHED_MAX_AGE_MS,
    load: async (key) => {
      const { workspace, id } = namesOf(key);
      const version = await templates.publishedVersion(workspace, id);
      return version === undefined ? undefined : { version };
    },
  });
  // A published version never changes: no age.
  const versions = new LoadingCache<CachedVersion>({
    maxEntries: MAX_VERSIONS,
    maxWeight: MAX_SOURCE_CHARS,
    weightOf: (cached) => cached.sourceChars,
    load: async (key) => {
      const at = key.lastIndexOf(':');
      const { workspace, id } = namesOf(key.slice(0, at));
      const version = Number(key.slice(at + 1));
      const body = await templates.version(workspace, id, version);
      if (!body) return undefined;
      const sourceChars = body.contents.reduce(
        (sum, c) =>
          sum + c.body.length + (c.html?.length ?? 0) + (c.title?.length ?? 0) + (c.url?.length ?? 0),
        0,
      );
      return { template: compileTemplate(id, version, body), sourceChars };
    },
  });
  const publishedRoutes = new LoadingCache<PublishedRoute>({
    maxEntries: MAX_POINTERS,
    maxAgeMs: PUBLISHED_MAX_AGE_MS,
    load: async (key) => {
      const { workspace, id } = namesOf(key);
      const published = await routes.published(workspace, id);
      return published && { event: id, version: published.version, ...published.body };
    },
  });

  bus.onInvalidation(
    ({ topic, key }) => {
      if (topic === 'template') pointers.drop(key);
      if (topic === 'route') publishedRoutes.drop(key);
    },
    () => {
      pointers.dropAll();
      publishedRoutes.dropAll();
    },
  );

  const templateAt = async (key: string, version: number) =>
    (await versions.get(`${key}:${version}`))?.template;
  return {
    async publishedTemplate(workspace, id) {
      const key = scopedKey(workspace, id);
      const pointer = await pointers.get(key);
      return pointer && templateAt(key, pointer.version);
    },
    templateVersion: (workspace, id, version) => templateAt(scopedKey(workspace, id), version),
    publishedRoute: (workspace, event) => publishedRoutes.get(scopedKey(workspace, event)),
  };
}

/** A workspace id has no colon, ids may. */
function namesOf(key: string): Names {
  const at = key.indexOf(':');
  return { workspace: key.slice(0, at), id: key.slice(at + 1) };
}
