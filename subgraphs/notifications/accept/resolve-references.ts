/** Finds what inputs refer to: routes, templates, people, groups, segments. What is not there is told with its field. */
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import type {
  CompiledTemplate,
  FallbackStep,
  PublishedRoute,
  TemplatesService,
} from '../../templates/index.ts';
import type { UsersService } from '../../users/index.ts';
import type { NotificationRecord, PassedOver } from '../records/notification-record.ts';
import { callersChain, inputProblem, type SendInput } from './check-input.ts';
import { type RoutedAction, routed } from './resolve-route.ts';
import { keyAt, keyProblem } from './route-rules.ts';

/** A message and its words. */
export interface ResolvedAction extends RoutedAction {
  readonly template: CompiledTemplate;
}

/** What an input's references stand for. */
export interface Resolved {
  readonly route?: PublishedRoute;
  /** Of an input without an event. */
  readonly template?: CompiledTemplate;
  /** Of an event: what is sent. */
  readonly actions?: readonly ResolvedAction[];
  readonly passedOver?: readonly PassedOver[];
  /** The caller's chain. */
  readonly fallback?: readonly FallbackStep[];
  /** What waits and is cancelled by the event. */
  readonly cancels?: NonNullable<NotificationRecord['cancels']>;
}

export class ReferenceResolver {
  readonly #users: UsersService;
  readonly #templates: TemplatesService;

  constructor(users: UsersService, templates: TemplatesService) {
    this.#users = users;
    this.#templates = templates;
  }

  /**
   * One result per input, in order: what it refers to, or the first thing that is wrong with it.
   * @param paths the path of each input, for errors.
   */
  async resolve(
    workspace: string,
    inputs: readonly SendInput[],
    paths: readonly string[],
    now: Date,
  ): Promise<(Resolved | HeraldError)[]> {
    const results: (Resolved | HeraldError)[] = [];
    for (const [index, input] of inputs.entries()) {
      const at = paths[index] ?? 'input';
      // Own words refer to nothing: not worth two turns for each of a batch.
      results.push(
        inputProblem(input, at, now) ??
          (input.content && !input.fallback ? {} : await this.#withChain(workspace, input, at, now)),
      );
    }
    const wanted = results.map((result, index) =>
      result instanceof HeraldError ? [] : recipientsOf(inputs[index] ?? {}, result, paths[index] ?? 'input'),
    );
    const users = new Set<string>();
    const groups = new Set<string>();
    const segments = new Set<string>();
    for (const own of wanted)
      for (const { user, group, segment } of own) {
        if (user !== undefined) users.add(user);
        if (group !== undefined) groups.add(group);
        if (segment !== undefined) segments.add(segment);
      }
    const [missing, empty, unknown] = await Promise.all([
      users.size > 0 ? this.#users.missingUsers(workspace, [...users]) : [],
      groups.size > 0 ? this.#users.emptyGroups(workspace, [...groups]) : [],
      segments.size > 0 ? this.#users.missingSegments(workspace, [...segments]) : [],
    ]);
    if (missing.length === 0 && empty.length === 0 && unknown.length === 0) return results;
    const missingUsers = new Set(missing);
    const emptyGroups = new Set(empty);
    const missingSegments = new Set(unknown);
    return results.map((result, index) => {
      for (const { user, group, segment, field, of } of wanted[index] ?? []) {
        if (user !== undefined && missingUsers.has(user))
          return badInput(field, `There is no user "${user}"${of}. Create it with upsertUsers first.`);
        if (group !== undefined && emptyGroups.has(group))
          return badInput(field, `No user is in the group "${group}"${of}.`);
        if (segment !== undefined && missingSegments.has(segment))
          return badInput(field, `There is no segment "${segment}"${of}. Make it with saveSegment first.`);
      }
      return result;
    });
  }

  async #withChain(
    workspace: string,
    input: SendInput,
    at: string,
    now: Date,
  ): Promise<Resolved | HeraldError> {
    const fallback = callersChain(input, at);
    if (fallback instanceof HeraldError) return fallback;
    const found = await this.#references(workspace, input, at, now);
    return fallback && !(found instanceof HeraldError) ? { ...found, fallback } : found;
  }

  async #references(
    workspace: string,
    input: SendInput,
    at: string,
    now: Date,
  ): Promise<Resolved | HeraldError> {
    if (input.content) return {};
    if (input.event != null) return this.#ofEvent(workspace, input.event, input, at, now);
    const id = input.template as string;
    const template = await this.#templates.publishedTemplate(workspace, id);
    if (!template) return badInput(`${at}.template`, noTemplate(id));
    return dataProblem(input, template, at) ?? channelProblem(input, template, at) ?? { template };
  }

  async #ofEvent(
    workspace: string,
    event: string,
    input: SendInput,
    at: string,
    now: Date,
  ): Promise<Resolved | HeraldError> {
    const [route, cancelled] = await Promise.all([
      this.#templates.publishedRoute(workspace, event),
      this.#templates.cancelledBy(workspace, event),
    ]);
    const cancels = cancelled.flatMap(({ event: waiting, key }) => {
      const value = keyAt(input.data, key);
      return value === undefined ? [] : [{ event: waiting, key: value }];
    });
    if (!route) {
      if (cancelled.length > 0)
        return { actions: [], passedOver: [{ because: 'The event only cancels others.' }], cancels };
      return badInput(
        `${at}.event`,
        `There is no published route for the event "${event}". Make one with saveRoute and publishRoute.`,
      );
    }
    const wrongKey = keyProblem(route, input, at);
    if (wrongKey) return wrongKey;
    const chosen = routed(route, input, at, now);
    if (chosen instanceof HeraldError) return chosen;
    const actions: ResolvedAction[] = [];
    for (const one of chosen.actions) {
      const { template: id, templateVersion } = one.action;
      const template =
        templateVersion === undefined
          ? await this.#templates.publishedTemplate(workspace, id)
          : await this.#templates.templateVersion(workspace, id, templateVersion);
      if (!template) return badInput(`${at}.event`, noTemplate(id));
      const problem =
        // A digest's template speaks of what was collected.
        (route.digest ? undefined : dataProblem(input, template, at)) ??
        (one.action.recipients.some(({ caller }) => caller)
          ? channelProblem(input, template, at)
          : undefined);
      if (problem) return problem;
      actions.push({ ...one, template });
    }
    return { route, actions, passedOver: chosen.passedOver, cancels };
  }
}

const noTemplate = (id: string) => `There is no published template "${id}". Publish it with publishTemplate.`;

function dataProblem(input: SendInput, template: CompiledTemplate, at: string): HeraldError | undefined {
  const problem = template.dataProblem(input.data ?? {});
  return (
    problem && badInput(problem.path === '' ? `${at}.data` : `${at}.data.${problem.path}`, problem.message)
  );
}

/** A person, group or segment that must be there, and the field that names it. */
interface Named {
  readonly user?: string;
  readonly group?: string;
  readonly segment?: string;
  readonly field: string;
  /** Who named it, where it was not the caller. */
  readonly of: string;
}

function recipientsOf(input: SendInput, { route, actions }: Resolved, at: string): Named[] {
  const named: Named[] = [];
  for (const [position, { user, group, segment }] of (input.to ?? []).entries()) {
    if (user != null) named.push({ user, field: `${at}.to.${position}.user`, of: '' });
    if (group != null) named.push({ group, field: `${at}.to.${position}.group`, of: '' });
    if (segment != null) named.push({ segment, field: `${at}.to.${position}.segment`, of: '' });
  }
  if (!actions) return named;
  const callers = new Set(
    (input.to ?? []).map(({ user, group, segment }) => `${user ?? ''} ${group ?? ''} ${segment ?? ''}`),
  );
  const of = `, whom the route of "${route?.event}" names`;
  const field = `${at}.event`;
  for (const { user, group, segment } of actions.flatMap(({ to }) => to)) {
    if (callers.has(`${user ?? ''} ${group ?? ''} ${segment ?? ''}`)) continue;
    if (user !== undefined) named.push({ user, field, of });
    if (group !== undefined) named.push({ group, field, of });
    if (segment !== undefined) named.push({ segment, field, of });
  }
  return named;
}

/** A channel asked for by name must be one that the template has words for. */
function channelProblem(input: SendInput, template: CompiledTemplate, at: string): HeraldError | undefined {
  const offered = template.channels.join(', ');
  for (const [index, channel] of (input.channels ?? []).entries())
    if (!template.channels.includes(channel))
      return badInput(
        `${at}.channels.${index}`,
        `The template "${template.id}" has no content for ${channel}; it offers ${offered}.`,
      );
  for (const [index, step] of (input.fallback ?? []).entries())
    for (const [position, channel] of step.channels.entries())
      if (!template.channels.includes(channel))
        return badInput(
          `${at}.fallback.${index}.channels.${position}`,
          `The template "${template.id}" has no content for ${channel}; it offers ${offered}.`,
        );
  for (const [index, entry] of (input.to ?? []).entries())
    if (entry.channel != null && !template.channels.includes(entry.channel))
      return badInput(
        `${at}.to.${index}.channel`,
        `The template "${template.id}" has no content for ${entry.channel}; it offers ${offered}.`,
      );
  return undefined;
}
