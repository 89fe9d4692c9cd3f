/** What operators do with routes: save, publish, look at. */
import { badInput, notFound } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, scopedKey } from '../../../platform/names/ids.ts';
import type { RouteBody } from '../contract.ts';
import type { RouteInput } from '../generated/types.ts';
import { routeBody } from '../input/route-input.ts';
import type { DraftStore } from '../store/draft-store.ts';
import type { HeadRecord, TemplateBody, TemplateSummary } from '../store/records.ts';
import { followUpCycle } from './follow-up-cycle.ts';

/** A route; `id` is its event. */
export type RouteHead = HeadRecord<RouteBody>;

const templatesOf = ({ actions }: RouteBody): string[] => [
  ...new Set(actions.map(({ template }) => template)),
];

export class RouteDrafts {
  readonly #store: DraftStore<RouteBody, RouteBody>;
  readonly #templates: DraftStore<TemplateBody, TemplateSummary>;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(
    store: DraftStore<RouteBody, RouteBody>,
    templates: DraftStore<TemplateBody, TemplateSummary>,
    bus: InvalidationBus,
    log: Logger,
  ) {
    this.#store = store;
    this.#templates = templates;
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws HeraldError BAD_USER_INPUT naming the field, `input.template` when there is no such template. */
  async save(workspace: string, input: RouteInput): Promise<RouteHead> {
    const body = routeBody(input);
    const found = await this.#templates.heads(workspace, templatesOf(body));
    for (const [index, { template }] of body.actions.entries())
      if (!found.has(template))
        throw badInput(
          input.template == null ? `input.actions.${index}.template` : 'input.template',
          `There is no template "${template}".`,
        );
    const cycle = await followUpCycle(input.event, body, (events) => this.#bodies(workspace, events));
    if (cycle)
      throw badInput(
        `input.followUps.${cycle.index}.event`,
        `The events would bring each other about without end: ${cycle.path.join(' → ')}.`,
      );
    return this.#store.saveDraft(workspace, input.event, body);
  }

  /**
   * Takes effect on every process at once.
   * @throws HeraldError NOT_FOUND; BAD_USER_INPUT when there is no draft or its template is not published.
   */
  async publish(workspace: string, event: string): Promise<RouteHead> {
    const result = await this.#store.publish(workspace, event, async (draft) => {
      for (const template of templatesOf(draft))
        if ((await this.#templates.publishedVersion(workspace, template)) === undefined)
          throw badInput('event', `The route's template "${template}" is not published; publish it first.`);
      const cycle = await followUpCycle(event, draft, (events) => this.#bodies(workspace, events));
      if (cycle)
        throw badInput(
          'event',
          `The events would bring each other about without end: ${cycle.path.join(' → ')}. Save the route with other follow-ups.`,
        );
    });
    if ('head' in result) {
      this.#log.info({ workspace, route: event, version: result.head.publishedVersion }, 'route published');
      await this.#bus.invalidate({ topic: 'route', key: scopedKey(workspace, event) });
      return result.head;
    }
    if (result.refused === 'absent') throw notFound('route for the event', event);
    throw badInput(
      'event',
      `The route for "${event}" has no draft to publish; version ${result.publishedVersion} is published already. Save a draft first.`,
    );
  }

  /** What events lead to, by draft and by published version. */
  async #bodies(workspace: string, events: readonly string[]): Promise<Map<string, readonly RouteBody[]>> {
    const heads = await this.#store.fullHeads(workspace, events);
    return new Map(
      [...heads].map(([event, { draft, published }]) => [
        event,
        [draft, published].filter((body) => body !== undefined),
      ]),
    );
  }

  /** By event; events without a route are absent from the map. */
  find(workspace: string, events: readonly string[]): Promise<Map<string, RouteHead>> {
    return this.#store.heads(workspace, events.filter(isCallerId));
  }

  page(workspace: string, after: string | undefined, limit: number): Promise<RouteHead[]> {
    return this.#store.page(workspace, after, limit);
  }
}
