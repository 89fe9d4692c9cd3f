/** What publishing the draft of a package would do, and what is wrong with it. */
import type { Compiler } from '../compiler/compiler.ts';
import type { RouteBody } from '../contract.ts';
import { reachSources } from '../partials/reach-sources.ts';
import { followUpCycle } from '../service/follow-up-cycle.ts';
import { unofferedChannels } from '../service/unoffered-channels.ts';
import type { Change } from '../store/change.ts';
import type {
  HeadRecord,
  MemberVersion,
  PackageBody,
  PackageMembers,
  TemplateBody,
} from '../store/records.ts';
import type { Changes, Stores } from '../store/stores.ts';
import { templatesOfRoute } from '../store/templates-of-route.ts';
import { type GatheredVersion, gatherVersion, saysTheSame } from '../versions/gather-version.ts';
import { draftOf, type PackageState, partialsOfState } from './package-state.ts';

/** Something wrong, at a place in the package: `templates.welcome.contents.2.html`, `routes.order.paid`. */
export interface PackageFinding {
  readonly severity: 'ERROR' | 'WARNING';
  readonly field: string;
  readonly message: string;
}

export interface PublishPlan {
  readonly findings: readonly PackageFinding[];
  /** Without the package's own. */
  readonly changes: Required<Omit<Changes, 'packages'>>;
  readonly members: PackageMembers;
}

/** Compiled versions by what they were gathered from: who plans again, as others publish, compiles nothing twice. */
export type Compiled = Map<string, Promise<GatheredVersion>>;

/**
 * Reads what the package uses from outside; stores nothing. Takes milliseconds a template that has changed.
 */
export async function planPublish(
  stores: Stores,
  compiler: Compiler,
  state: PackageState,
  compiled: Compiled = new Map(),
): Promise<PublishPlan> {
  const findings: PackageFinding[] = [];
  const error = (field: string, message: string) => findings.push({ severity: 'ERROR', field, message });
  const partials = planAll(state.partials, (head, draft) =>
    head.published !== undefined && sameBody(head.published, draft) ? undefined : draft,
  );
  await checkPartials(stores, compiler, state, error);
  const templates = await planTemplates(stores, compiler, state, compiled, error);
  await checkRemovals(stores, state, error);
  await checkRoutes(stores, state, findings);
  const pinned = new Map(templates.members.map(({ id, version }) => [id, version]));
  const routes = planAll(state.routes, (head, draft) => {
    const body = withPins(draft, pinned);
    return head.published !== undefined && sameBody(head.published, body) ? undefined : body;
  });
  return {
    findings,
    changes: { templates: templates.changes, routes: routes.changes, partials: partials.changes },
    members: { templates: templates.members, routes: routes.members, partials: partials.members },
  };
}

interface KindPlan<Body> {
  readonly changes: readonly Change<Body>[];
  readonly members: readonly MemberVersion[];
}

/** @param fresh the body to publish; undefined where that is published already. */
function planAll<Body>(
  heads: readonly HeadRecord<Body>[],
  fresh: (head: HeadRecord<Body>, draft: Body) => Body | undefined,
): KindPlan<Body> {
  const changes: Change<Body>[] = [];
  const members: MemberVersion[] = [];
  for (const head of heads) {
    const { workspace, id } = head;
    const draft = draftOf(head);
    if (draft === undefined) {
      changes.push({ kind: 'withdraw', workspace, id, head });
      continue;
    }
    const body = fresh(head, draft);
    if (body !== undefined) changes.push({ kind: 'publish', workspace, id, head, body });
    else if (head.draft !== undefined) changes.push({ kind: 'discard', workspace, id, head });
    members.push({ id, version: body === undefined ? (head.publishedVersion ?? 0) : head.nextVersion });
  }
  return { changes, members };
}

/** Pure. */
export const sameBody = (a: unknown, b: unknown): boolean =>
  JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));

/** Members in order: a body that was stored may come back in another one. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, inOrder(member)]),
  );
}

async function checkPartials(
  stores: Stores,
  compiler: Compiler,
  state: PackageState,
  error: (field: string, message: string) => void,
): Promise<void> {
  const find = partialsOfState(stores, state);
  const names = state.partials.filter((head) => draftOf(head)).map(({ id }) => id);
  const { partials, missing } = await reachSources(names, find);
  for (const name of missing) {
    const callers = state.partials.filter((head) => draftOf(head)?.calls?.includes(name));
    for (const caller of callers)
      error(`partials.${caller.id}`, `It calls the partial "${name}", which is not there or not published.`);
  }
  if (missing.length > 0) return;
  const problem = await compiler.partialsProblem(partials);
  if (problem) error(problem.name === undefined ? 'partials' : `partials.${problem.name}`, problem.message);
}

async function planTemplates(
  stores: Stores,
  compiler: Compiler,
  state: PackageState,
  compiled: Compiled,
  error: (field: string, message: string) => void,
): Promise<KindPlan<TemplateBody>> {
  const find = partialsOfState(stores, state);
  const settings = (state.head.draft ?? state.head.published)?.settings;
  const bodies = new Map<string, TemplateBody>();
  for (const head of state.templates) {
    const draft = draftOf(head);
    if (!draft) continue;
    await new Promise((resolve) => setImmediate(resolve));
    const gathered = await gatherVersion(draft, find, settings);
    const isNew = !head.published || !saysTheSame(head.published, gathered.body);
    if (!isNew && gathered.problems.length === 0) continue;
    const { body, problems } = await compileOnce(compiler, gathered, compiled);
    for (const { field, message } of problems) error(`templates.${head.id}.${field}`, message);
    bodies.set(head.id, body);
  }
  return planAll(state.templates, (head) => bodies.get(head.id));
}

function compileOnce(
  compiler: Compiler,
  gathered: GatheredVersion,
  compiled: Compiled,
): Promise<GatheredVersion> {
  if (gathered.problems.length > 0) return Promise.resolve(gathered);
  const key = JSON.stringify(gathered.body);
  const known = compiled.get(key) ?? compiler.compileVersion(gathered);
  compiled.set(key, known);
  return known;
}

/** Templates that are taken away must not be sent from outside of the package. */
async function checkRemovals(
  stores: Stores,
  { head, templates }: PackageState,
  error: (field: string, message: string) => void,
): Promise<void> {
  for (const { id } of templates.filter(({ removing }) => removing))
    for (const event of await outsideRoutes(stores, head, id))
      error(`templates.${id}`, `The route for the event "${event}", which is not in the package, sends it.`);
}

/** Routes that are published, send a template of the package, and are not in it themselves. */
export async function outsideRoutes(
  stores: Stores,
  { workspace, _id }: Pick<HeadRecord<PackageBody>, 'workspace' | '_id'>,
  template: string,
): Promise<string[]> {
  return (await stores.routes.usersOf(workspace, template))
    .filter((route) => route.packageKey !== _id)
    .filter(({ published }) => published && templatesOfRoute(published).includes(template))
    .map(({ id }) => id);
}

/**
 * A route's templates are in the package, or published outside of it, and agree on their variables; and events do not
 * bring each other about without end.
 */
async function checkRoutes(stores: Stores, state: PackageState, findings: PackageFinding[]): Promise<void> {
  const own = new Map(state.templates.map((head) => [head.id, draftOf(head)]));
  const routes = state.routes.flatMap((head) => {
    const body = draftOf(head);
    return body ? [{ id: head.id, body, templates: templatesOfRoute(body) }] : [];
  });
  const outside = new Set(routes.flatMap(({ templates }) => templates).filter((id) => !own.get(id)));
  const published = await stores.templates.heads(state.head.workspace, [...outside]);
  const bodyOf = (id: string) => own.get(id) ?? (own.has(id) ? undefined : published.get(id)?.published);
  const ownRoutes = new Map(state.routes.map((head) => [head.id, draftOf(head)]));
  const bodiesOfEvents = async (events: readonly string[]) => {
    const others = await stores.routes.fullHeads(
      state.head.workspace,
      events.filter((event) => !ownRoutes.has(event)),
    );
    return new Map(
      events.map((event) => {
        const other = others.get(event);
        const bodies = ownRoutes.has(event) ? [ownRoutes.get(event)] : [other?.draft, other?.published];
        return [event, bodies.filter((one) => one !== undefined)];
      }),
    );
  };
  for (const { id, body, templates } of routes) {
    const bodies = [];
    for (const template of templates) {
      const found = bodyOf(template);
      if (found) bodies.push({ template, variables: found.variables });
      else
        findings.push({
          severity: 'ERROR',
          field: `routes.${id}`,
          message: own.has(template)
            ? `It sends the template "${template}", which is to be removed.`
            : `It sends the template "${template}", which is not in the package and not published.`,
        });
    }
    const cycle = await followUpCycle(id, body, bodiesOfEvents);
    if (cycle)
      findings.push({
        severity: 'ERROR',
        field: `routes.${id}`,
        message: `The events would bring each other about without end: ${cycle.path.join(' → ')}.`,
      });
    for (const { field, message } of unofferedChannels(body, (template) => bodyOf(template)?.channels))
      findings.push({ severity: 'WARNING', field: `routes.${id}.${field}`, message });
    for (const message of disagreements(bodies))
      findings.push({ severity: 'WARNING', field: `routes.${id}`, message });
  }
}

/** Variables that two templates of one route want to be of different types: no event could satisfy both. Pure. */
export function disagreements(
  templates: readonly { readonly template: string; readonly variables?: string | undefined }[],
): string[] {
  const first = new Map<string, { readonly template: string; readonly type: string }>();
  const messages: string[] = [];
  for (const { template, variables } of templates) {
    if (variables === undefined) continue;
    for (const [name, type] of typesOf(JSON.parse(variables))) {
      const known = first.get(name);
      if (!known) first.set(name, { template, type });
      else if (known.type !== type)
        messages.push(
          `Its templates "${known.template}" and "${template}" want "${name}" to be ${known.type} and ${type}: no event has both.`,
        );
    }
  }
  return messages;
}

function typesOf(schema: unknown): [string, string][] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return [];
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).flatMap(([name, property]: [string, unknown]) =>
    typeof property === 'object' &&
    property !== null &&
    'type' in property &&
    typeof property.type === 'string'
      ? [[name, property.type === 'integer' ? 'number' : property.type] as [string, string]]
      : [],
  );
}

/** @param pinned versions of the package's templates, by id: others are sent as they are published. Pure. */
export function withPins(body: RouteBody, pinned: ReadonlyMap<string, number>): RouteBody {
  return {
    ...body,
    actions: body.actions.map(({ templateVersion: _old, ...action }) => {
      const templateVersion = pinned.get(action.template);
      return { ...action, ...(templateVersion !== undefined && { templateVersion }) };
    }),
  };
}
