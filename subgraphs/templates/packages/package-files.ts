/** Packages as files: taken out, compared, put in, and copied to another workspace. */
import { badInput, conflict, forbidden, notFound } from '../../../platform/errors/herald-error.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, isWorkspaceId } from '../../../platform/names/ids.ts';
import type { Compilers } from '../compiler/compiler.ts';
import type { Directory, RouteBody } from '../contract.ts';
import { checkId } from '../input/names.ts';
import { routeBody } from '../input/route-input.ts';
import { sourcesOf } from '../input/template-input.ts';
import { findPartials, knowing } from '../partials/find-partials.ts';
import { leftBehind } from '../partials/left-behind.ts';
import { perhapsCalled, reachSources } from '../partials/reach-sources.ts';
import { type Publisher, publishStamp } from '../service/publishing.ts';
import type { Change } from '../store/change.ts';
import { packageOf } from '../store/package-of.ts';
import type { HeadRecord, MemberVersion, PackageBody, PartialBody, TemplateBody } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';
import { type TextDiff, textDiffs } from '../versions/text-diff.ts';
import {
  type PackageContent,
  type PackageFile,
  savedPackage,
  savedRoute,
  savedTemplate,
} from './files/package-content.ts';
import { atFile, type PackageInputs } from './files/read-files.ts';
import { packageFiles } from './files/write-files.ts';
import { packageBody } from './package-input.ts';
import { draftOf, type PackageState, readState } from './package-state.ts';
import { type PackageFinding, planPublish, sameBody } from './plan-publish.ts';
import { recipientFindings } from './recipient-findings.ts';

export interface ImportResult {
  /** File by file: what the draft was, and what it is now. */
  readonly changes: readonly TextDiff[];
  readonly problems: readonly PackageFinding[];
}

export class PackageFiles {
  readonly #stores: Stores;
  readonly #compilers: Compilers;
  readonly #directory: Directory;
  readonly #log: Logger;

  constructor(stores: Stores, compilers: Compilers, directory: Directory, log: Logger) {
    this.#stores = stores;
    this.#compilers = compilers;
    this.#directory = directory;
    this.#log = log;
  }

  /** @param version the draft without it. @throws HeraldError NOT_FOUND. */
  async export(workspace: string, id: string, version?: number): Promise<PackageFile[]> {
    return packageFiles(await this.#content(workspace, id, version));
  }

  /**
   * What differs between two versions, file by file.
   * @param from the published version where absent.
   * @param to the draft where absent.
   * @throws HeraldError NOT_FOUND.
   */
  async diff(workspace: string, id: string, from?: number, to?: number): Promise<TextDiff[]> {
    const head = await this.#head(workspace, id);
    if (!head) throw notFound('package', id);
    const before = from ?? head.publishedVersion;
    const old = before === undefined ? undefined : await this.#content(workspace, id, before);
    return textDiffs(await textsOf(old), await textsOf(await this.#content(workspace, id, to)));
  }

  /**
   * Makes the draft what the files say; what they do not name is marked to be removed. Nothing is published. All or
   * nothing.
   * @param dryRun tells what it would do, and does nothing.
   * @throws HeraldError BAD_USER_INPUT (`input.files.3`), its message with the file and the place in it; CONFLICT when
   * a member is in another package, or in none.
   */
  async import(
    workspace: string,
    id: string,
    files: readonly PackageFile[],
    dryRun: boolean,
    publisher: Publisher = {},
  ): Promise<ImportResult> {
    checkId('input.id', id);
    return this.#put(
      workspace,
      await this.#compilers.of(workspace).packageInputs(id, files),
      dryRun,
      publisher,
    );
  }

  /**
   * Puts a version, or the draft, into another workspace as a draft there.
   * @param root whether the caller is an operator of the first workspace.
   * @throws HeraldError FORBIDDEN; NOT_FOUND; BAD_USER_INPUT; CONFLICT.
   */
  async copy(
    workspace: string,
    id: string,
    toWorkspace: string,
    version: number | undefined,
    root: boolean,
    publisher: Publisher = {},
  ): Promise<ImportResult> {
    if (!root)
      throw forbidden(
        'Only operators of the first workspace copy to others; use pull and push with two keys.',
      );
    if (!isWorkspaceId(toWorkspace) || toWorkspace === workspace)
      throw badInput('toWorkspace', 'Name another workspace.');
    if (!(await this.#directory.hasWorkspace(toWorkspace)))
      throw badInput(
        'toWorkspace',
        `There is no workspace "${toWorkspace}". Make it with createWorkspace first.`,
      );
    const files = await this.export(workspace, id, version);
    return this.#put(
      toWorkspace,
      await this.#compilers.of(workspace).packageInputs(id, files),
      false,
      publisher,
    );
  }

  async #put(
    workspace: string,
    inputs: PackageInputs,
    dryRun: boolean,
    publisher: Publisher,
  ): Promise<ImportResult> {
    const wanted = await this.#bodies(workspace, inputs);
    const { id } = wanted;
    const result = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = await this.#head(workspace, id);
      const now = head && (await readState(this.#stores, workspace, head));
      const packages = draftChanges(
        workspace,
        `${workspace}:${id}`,
        new Map(head ? [[id, head]] : []),
        new Map<string, PackageBody>([[id, wanted.body]]),
        (body) => savedPackage(body),
        undefined,
      );
      const key = `${workspace}:${id}`;
      const [templates, routes, partials] = await Promise.all([
        this.#known(this.#stores.templates, now?.templates, [...wanted.templates.keys()], workspace),
        this.#known(this.#stores.routes, now?.routes, [...wanted.routes.keys()], workspace),
        this.#known(this.#stores.partials, now?.partials, [...wanted.partials.keys()], workspace),
      ]);
      for (const [name, partial] of partials) {
        if (partial.packageKey !== undefined || partial.withdrawn || !wanted.partials.has(name)) continue;
        const user = await leftBehind(this.#stores, workspace, name, key, wanted);
        if (user !== undefined)
          throw conflict(
            `The ${user}, which is not in the package, uses the partial "${name}": take that in, too, or give the package's another id.`,
            'input.files',
          );
      }
      const changes = {
        packages,
        templates: draftChanges(workspace, key, templates, wanted.templates, savedTemplate, key),
        routes: draftChanges(workspace, key, routes, wanted.routes, savedRoute, key),
        partials: draftChanges(workspace, key, partials, wanted.partials, (body) => body, key),
      };
      const after = stateAfter(workspace, wanted, { head, templates, routes, partials });
      const before = now ? contentOf(now) : undefined;
      const { findings } = await planPublish(this.#stores, this.#compilers.of(workspace), after);
      return {
        changes: dryRun ? {} : changes,
        result: {
          changes: await textDiffs(await textsOf(before), await textsOf(contentOf(after))),
          problems: [...findings, ...(await recipientFindings(this.#directory, after))],
        },
      };
    });
    if (!dryRun)
      this.#log.info(
        { workspace, package: id, files: result.changes.length, by: publisher.by },
        'package imported',
      );
    return result;
  }

  /** Checks every file. */
  async #bodies(workspace: string, inputs: PackageInputs): Promise<PackageContent> {
    const { id } = inputs.package.input;
    const own = new Map<string, PartialBody>(
      inputs.partials.map(({ input: { id: name, source } }) => [
        name,
        { name, source, calls: perhapsCalled([source]) },
      ]),
    );
    const find = knowing(own, findPartials(this.#stores.partials, workspace, undefined, 'drafts'));
    const partials = new Map<string, PartialBody>();
    for (const { file, input } of inputs.partials) {
      const called = perhapsCalled([input.source]).filter((name) => name !== input.id);
      const reached = await reachSources(called, find);
      partials.set(
        input.id,
        await atFile(file, () => this.#compilers.of(workspace).partialBody(input, reached.partials)),
      );
    }
    const templates = new Map<string, TemplateBody>();
    for (const { file, input } of inputs.templates) {
      const reached = await reachSources(perhapsCalled(sourcesOf(input.contents)), find);
      templates.set(
        input.id,
        await atFile(file, () => this.#compilers.of(workspace).templateBody(input, reached.partials)),
      );
    }
    const routes = new Map<string, RouteBody>();
    for (const { file, input } of inputs.routes)
      routes.set(input.event, await atFile(file, () => routeBody(input)));
    const body = await atFile(inputs.package.file, () => packageBody(inputs.package.input));
    return { id, body, templates, routes, partials };
  }

  /** Heads of the package, and of what is to be in it. */
  async #known<Body>(
    store: { allHeads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Body>>> },
    members: readonly HeadRecord<Body>[] = [],
    ids: readonly string[],
    workspace: string,
  ): Promise<Map<string, HeadRecord<Body>>> {
    const known = new Map(members.map((head) => [head.id, head]));
    const others = await store.allHeads(
      workspace,
      ids.filter((id) => !known.has(id)),
    );
    return new Map([...known, ...others]);
  }

  async #head(workspace: string, id: string): Promise<HeadRecord<PackageBody> | undefined> {
    return isCallerId(id) ? this.#stores.packages.head(workspace, id) : undefined;
  }

  async #content(workspace: string, id: string, version: number | undefined): Promise<PackageContent> {
    const head = await this.#head(workspace, id);
    if (!head) throw notFound('package', id);
    if (version === undefined) return contentOf(await readState(this.#stores, workspace, head));
    const body = await this.#stores.packages.version(workspace, id, version);
    if (!body?.members) throw notFound('package', `${id}, version ${version}`);
    const { templates, routes, partials } = body.members;
    return {
      id,
      body: savedPackage(body),
      templates: await this.#versions(this.#stores.templates, workspace, templates, savedTemplate),
      routes: await this.#versions(this.#stores.routes, workspace, routes, savedRoute),
      partials: await this.#versions(this.#stores.partials, workspace, partials, (one) => one),
    };
  }

  async #versions<Body>(
    store: {
      allHeads(workspace: string, ids: readonly string[]): Promise<Map<string, HeadRecord<Body>>>;
      versions(workspace: string, wanted: readonly MemberVersion[]): Promise<Map<string, Body>>;
    },
    workspace: string,
    members: readonly MemberVersion[],
    saved: (body: Body) => Body,
  ): Promise<Map<string, Body>> {
    const heads = await store.allHeads(
      workspace,
      members.map(({ id }) => id),
    );
    const replaced = members.filter(({ id, version }) => heads.get(id)?.publishedVersion !== version);
    const kept = await store.versions(workspace, replaced);
    return new Map(
      members.flatMap(({ id }) => {
        const body = kept.get(id) ?? heads.get(id)?.published;
        return body === undefined ? [] : [[id, saved(body)] as const];
      }),
    );
  }
}

/** What the draft of a package says. Pure. */
export function contentOf(state: PackageState): PackageContent {
  const { head } = state;
  const body = head.draft ?? head.published;
  if (!body) throw new Error(`the package "${head._id}" has neither a draft nor a published version`);
  return {
    id: head.id,
    body: savedPackage(body),
    templates: saved(state.templates, savedTemplate),
    routes: saved(state.routes, savedRoute),
    partials: saved(state.partials, (partial) => partial),
  };
}

function saved<Body>(heads: readonly HeadRecord<Body>[], of: (body: Body) => Body): Map<string, Body> {
  return new Map(
    heads.flatMap((head) => {
      const draft = draftOf(head);
      return draft === undefined ? [] : [[head.id, of(draft)] as const];
    }),
  );
}

const textsOf = async (content: PackageContent | undefined): Promise<Map<string, string>> =>
  new Map((content ? await packageFiles(content) : []).map((file) => [file.path, file.content]));

/**
 * What makes the drafts of one kind what is wanted. Pure.
 * @param packageKey that each is to belong to; undefined for packages themselves, which are never removed so.
 * @throws HeraldError CONFLICT (`input.files`).
 */
function draftChanges<Body>(
  workspace: string,
  owner: string,
  heads: ReadonlyMap<string, HeadRecord<Body>>,
  wanted: ReadonlyMap<string, Body>,
  savedOf: (body: Body) => Body,
  packageKey: string | undefined,
): Change<Body>[] {
  const changes: Change<Body>[] = [];
  for (const [id, body] of wanted) {
    const head = heads.get(id);
    const isElsewhere = packageKey !== undefined && head && !head.withdrawn && head.packageKey !== owner;
    if (isElsewhere && head.packageKey !== undefined)
      throw conflict(
        `"${id}" belongs to the package "${packageOf(head)}": remove it there first.`,
        'input.files',
      );
    const current = head && !isElsewhere && !head.withdrawn ? draftOf(head) : undefined;
    if (current !== undefined && sameBody(savedOf(current), body)) continue;
    const isPublished =
      head?.published !== undefined && !isElsewhere && sameBody(savedOf(head.published), body);
    if (head && isPublished) changes.push({ kind: 'discard', workspace, id, head });
    else
      changes.push({
        kind: 'draft',
        workspace,
        id,
        ...(head && { head }),
        body,
        ...(packageKey !== undefined && { packageKey }),
      });
  }
  if (packageKey === undefined) return changes;
  for (const [id, head] of heads) {
    if (wanted.has(id) || head.packageKey !== owner || head.removing) continue;
    changes.push({ kind: head.published === undefined ? 'discard' : 'markRemoval', workspace, id, head });
  }
  return changes;
}

/** The package as it will be: heads with the wanted drafts. Pure. */
function stateAfter(
  workspace: string,
  wanted: PackageContent,
  known: {
    readonly head: HeadRecord<PackageBody> | undefined;
    readonly templates: ReadonlyMap<string, HeadRecord<TemplateBody>>;
    readonly routes: ReadonlyMap<string, HeadRecord<RouteBody>>;
    readonly partials: ReadonlyMap<string, HeadRecord<PartialBody>>;
  },
): PackageState {
  const packageKey = `${workspace}:${wanted.id}`;
  const fresh = (id: string): HeadRecord<never> => ({
    _id: `${workspace}:${id}`,
    workspace,
    id,
    nextVersion: 1,
    revision: 0,
    updatedAt: new Date(0),
  });
  const after = <Body>(
    heads: ReadonlyMap<string, HeadRecord<Body>>,
    bodies: ReadonlyMap<string, Body>,
  ): HeadRecord<Body>[] => {
    const kept = [...bodies].map(([id, draft]): HeadRecord<Body> => {
      const { removing: _removing, withdrawn: _withdrawn, ...head } = heads.get(id) ?? fresh(id);
      return { ...head, packageKey, draft };
    });
    const removed = [...heads.values()]
      .filter(
        (head) => head.packageKey === packageKey && head.published !== undefined && !bodies.has(head.id),
      )
      .map((head): HeadRecord<Body> => ({ ...head, removing: true }));
    return [...kept, ...removed].toSorted((a, b) => (a._id < b._id ? -1 : 1));
  };
  return {
    head: { ...(known.head ?? fresh(wanted.id)), draft: wanted.body },
    templates: after(known.templates, wanted.templates),
    routes: after(known.routes, wanted.routes),
    partials: after(known.partials, wanted.partials),
  };
}
