/** Finds what inputs refer to: routes, templates, people, groups. What is not there is told with its field. */
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { CompiledTemplate, PublishedRoute, TemplatesService } from '../../templates/index.ts';
import type { UsersService } from '../../users/index.ts';
import { directAddressProblem, inputProblem, type SendInput } from './check-input.ts';

/** What an input's references stand for. */
export interface Resolved {
  readonly route?: PublishedRoute;
  readonly template?: CompiledTemplate;
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
      results.push(inputProblem(input, at, now) ?? (await this.#references(workspace, input, at)));
    }
    const wanted = results.map((result, index) =>
      result instanceof HeraldError ? [] : recipientsOf(inputs[index] ?? {}, result, paths[index] ?? 'input'),
    );
    const users = new Set(wanted.flatMap((own) => own.flatMap((r) => r.user ?? [])));
    const groups = new Set(wanted.flatMap((own) => own.flatMap((r) => r.group ?? [])));
    const [missing, empty] = await Promise.all([
      users.size > 0 ? this.#users.missingUsers(workspace, [...users]) : [],
      groups.size > 0 ? this.#users.emptyGroups(workspace, [...groups]) : [],
    ]);
    if (missing.length === 0 && empty.length === 0) return results;
    const missingUsers = new Set(missing);
    const emptyGroups = new Set(empty);
    return results.map((result, index) => {
      for (const { user, group, field, of } of wanted[index] ?? []) {
        if (user !== undefined && missingUsers.has(user))
          return badInput(field, `There is no user "${user}"${of}. Create it with upsertUsers first.`);
        if (group !== undefined && emptyGroups.has(group))
          return badInput(field, `No user is in the group "${group}"${of}.`);
      }
      return result;
    });
  }

  async #references(workspace: string, input: SendInput, at: string): Promise<Resolved | HeraldError> {
    if (input.content) return {};
    const route =
      input.event != null ? await this.#templates.publishedRoute(workspace, input.event) : undefined;
    if (input.event != null && !route)
      return badInput(
        `${at}.event`,
        `There is no published route for the event "${input.event}". Make one with saveRoute and publishRoute.`,
      );
    if (route && (input.to ?? []).length === 0 && route.recipients.length === 0)
      return badInput(`${at}.to`, `The route of "${route.event}" names no recipients: give at least one.`);
    const wrongAddress = route && routeAddressProblem(route);
    if (wrongAddress !== undefined) return badInput(`${at}.event`, wrongAddress);
    const id = route?.template ?? (input.template as string);
    const template = await this.#templates.publishedTemplate(workspace, id);
    if (!template)
      return badInput(
        route ? `${at}.event` : `${at}.template`,
        `There is no published template "${id}". Publish it with publishTemplate.`,
      );
    const problem = template.dataProblem(input.data ?? {});
    if (problem)
      return badInput(problem.path === '' ? `${at}.data` : `${at}.data.${problem.path}`, problem.message);
    return channelProblem(input, template, at) ?? { template, ...(route && { route }) };
  }
}

/** A person or group that must be there, and the field that names it. */
interface Named {
  readonly user?: string;
  readonly group?: string;
  readonly field: string;
  /** Who named it, where it was not the caller. */
  readonly of: string;
}

/** Templates, where routes live, know nothing of addresses. */
function routeAddressProblem({ event, recipients }: PublishedRoute): string | undefined {
  for (const { channel, address } of recipients) {
    if (channel === undefined || address === undefined) continue;
    const problem = directAddressProblem(channel, address);
    if (problem !== undefined) return `The route of "${event}" names "${address}" on ${channel}: ${problem}`;
  }
  return undefined;
}

function recipientsOf(input: SendInput, { route }: Resolved, at: string): Named[] {
  const named: Named[] = [];
  for (const [position, { user, group }] of (input.to ?? []).entries()) {
    if (user != null) named.push({ user, field: `${at}.to.${position}.user`, of: '' });
    if (group != null) named.push({ group, field: `${at}.to.${position}.group`, of: '' });
  }
  for (const { user, group } of route?.recipients ?? []) {
    const of = `, whom the route of "${route?.event}" names`;
    if (user !== undefined) named.push({ user, field: `${at}.event`, of });
    if (group !== undefined) named.push({ group, field: `${at}.event`, of });
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
