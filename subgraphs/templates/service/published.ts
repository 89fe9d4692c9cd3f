/** What other rooms read: published templates and routes, from memory as long as it is current. */

import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import { Freshness } from '../cache/freshness.ts';
import { LoadingCache } from '../cache/loading-cache.ts';
import type { Cancels, PublishedRoute, TemplatesService } from '../contract.ts';
import type { SourcedTemplate } from '../sources/compile-template.ts';
import { cancelsByEvent } from '../store/cancellable-routes.ts';
import type { Stores } from '../store/stores.ts';
import { compileBody, sourceChars } from '../versions/compile-body.ts';

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
export interface PublishedReader extends Omit<TemplatesService, 'testedTemplate'> {
  publishedTemplate(workspace: string, id: string): Promise<SourcedTemplate | undefined>;
  templateVersion(workspace: string, id: string, version: number): Promise<SourcedTemplate | undefined>;
}

/** Reads through caches that the bus keeps current at once, and a look at the workspace's revision within a second. */
export function publishedReader(stores: Stores, bus: InvalidationBus, log: Logger): PublishedReader {
  const pointers = new LoadingCache<{ readonly version: number }>({
    maxEntries: MAX_POINTERS,
    load: async (key) => {
      const { workspace, id } = namesOf(key);
      const version = await stores.templates.publishedVersion(workspace, id);
      return version === undefined ? undefined : { version };
    },
  });
  // A published version never changes.
  const versions = new LoadingCache<CachedVersion>({
    maxEntries: MAX_VERSIONS,
    maxWeight: MAX_SOURCE_CHARS,
    weightOf: (cached) => cached.sourceChars,
    load: async (key) => {
      const at = key.lastIndexOf(':');
      const { workspace, id } = namesOf(key.slice(0, at));
      const version = Number(key.slice(at + 1));
      const body = await stores.templates.version(workspace, id, version);
      return body && { template: compileBody(id, version, body), sourceChars: sourceChars(body) };
    },
  });
  const publishedRoutes = new LoadingCache<PublishedRoute>({
    maxEntries: MAX_POINTERS,
    load: async (key) => {
      const { workspace, id } = namesOf(key);
      const published = await stores.routes.published(workspace, id);
      return published && { event: id, version: published.version, ...published.body };
    },
  });

  const cancelling = new LoadingCache<ReadonlyMap<string, readonly Cancels[]>>({
    maxEntries: 1_000,
    load: async (workspace) => cancelsByEvent(await stores.cancellableRoutes(workspace)),
  });

  const dropWorkspace = (workspace: string) => {
    cancelling.drop(workspace);
    pointers.dropPrefix(`${workspace}:`);
    publishedRoutes.dropPrefix(`${workspace}:`);
  };
  const freshness = new Freshness({
    read: (workspace) => stores.revisions.read(workspace),
    onChange: dropWorkspace,
    onFailure: (error) => log.debug({ err: error }, 'templates: the revision could not be read ahead'),
  });
  bus.onInvalidation(
    ({ topic, key }) => {
      if (topic === 'template') pointers.drop(key);
      if (topic === 'route') {
        publishedRoutes.drop(key);
        cancelling.drop(namesOf(key).workspace);
      }
      if (topic === 'templates') dropWorkspace(key);
    },
    () => {
      pointers.dropAll();
      publishedRoutes.dropAll();
      cancelling.dropAll();
    },
  );

  const templateAt = async (key: string, version: number) =>
    (await versions.get(`${key}:${version}`))?.template;
  return {
    async publishedTemplate(workspace, id) {
      const waiting = freshness.ensure(workspace);
      if (waiting) await waiting;
      const key = scopedKey(workspace, id);
      const pointer = await pointers.get(key);
      return pointer && templateAt(key, pointer.version);
    },
    templateVersion: (workspace, id, version) => templateAt(scopedKey(workspace, id), version),
    async cancelledBy(workspace, event) {
      const waiting = freshness.ensure(workspace);
      if (waiting) await waiting;
      return (await cancelling.get(workspace))?.get(event) ?? [];
    },
    async publishedRoute(workspace, event) {
      const waiting = freshness.ensure(workspace);
      if (waiting) await waiting;
      return publishedRoutes.get(scopedKey(workspace, event));
    },
  };
}

/** A workspace id has no colon, ids may. */
function namesOf(key: string): Names {
  const at = key.indexOf(':');
  return { workspace: key.slice(0, at), id: key.slice(at + 1) };
}
