/** What operators do with routes: save, publish, roll back, look at. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { isCallerId, scopedKey } from '../../../platform/names/ids.ts';
import type { RouteBody } from '../contract.ts';
import type { RouteInput } from '../generated/types.ts';
import { routeBody } from '../input/route-input.ts';
import { checkPackage, removalFromPackage } from '../packages/membership.ts';
import type { HeadRecord, VersionStamp } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';
import { templatesOfRoute } from '../store/templates-of-route.ts';
import { followUpCycle } from './follow-up-cycle.ts';
import {
  type Named,
  type Publisher,
  publishStamp,
  thatHasDraft,
  thatIs,
  thatIsAlone,
  versionToRestore,
} from './publishing.ts';
import type { Removal } from './template-drafts.ts';

/** A route; `id` is its event. */
export type RouteHead = HeadRecord<RouteBody>;

const NAMED: Named = { what: 'Route', field: 'event', absent: 'route for the event' };

export class RouteDrafts {
  readonly #stores: Stores;
  readonly #bus: InvalidationBus;
  readonly #log: Logger;

  constructor(stores: Stores, bus: InvalidationBus, log: Logger) {
    this.#stores = stores;
    this.#bus = bus;
    this.#log = log;
  }

  /** @throws HeraldError BAD_USER_INPUT naming the field, `input.template` when there is no such template. */
  async save(workspace: string, input: RouteInput): Promise<RouteHead> {
    const body = routeBody(input);
    const found = await this.#stores.templates.heads(workspace, templatesOfRoute(body));
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
    await checkPackage(this.#stores, workspace, input.package);
    return this.#stores.routes.saveDraft(workspace, input.event, body, input.package);
  }

  /**
   * Takes effect on every process at once.
   * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT when there is no draft or a
   * template of it is not published.
   */
  async publish(workspace: string, event: string, publisher: Publisher = {}): Promise<RouteHead> {
    const { routes } = this.#stores;
    return this.#publish(workspace, event, publisher, async () => {
      const head = thatIsAlone(NAMED, thatIs(NAMED, event, await routes.head(workspace, event)));
      return { head, body: thatHasDraft(NAMED, head) };
    });
  }

  /**
   * Publishes what an earlier version says, as a new version. A draft stays.
   * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT (`version`; `event` when a
   * template of it is no longer published).
   */
  async rollBack(
    workspace: string,
    event: string,
    version: number,
    publisher: Publisher = {},
  ): Promise<RouteHead> {
    const { routes } = this.#stores;
    return this.#publish(workspace, event, publisher, () =>
      versionToRestore(NAMED, routes, workspace, event, version),
    );
  }

  async #publish(
    workspace: string,
    event: string,
    publisher: Publisher,
    decide: () => Promise<{
      readonly head: RouteHead;
      readonly body: RouteBody;
      readonly restores?: number;
    }>,
  ): Promise<RouteHead> {
    const version = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const { head, body, restores } = await decide();
      await this.#checkPublishable(workspace, event, body);
      return {
        changes: {
          routes: [
            {
              kind: 'publish',
              workspace,
              id: event,
              head,
              body,
              ...(restores !== undefined && { restores, keepsDraft: true }),
            },
          ],
        },
        result: head.nextVersion,
      };
    });
    this.#log.info({ workspace, route: event, version, by: publisher.by }, 'route published');
    await this.#bus.invalidate({ topic: 'route', key: scopedKey(workspace, event) });
    return thatIs(NAMED, event, (await this.find(workspace, [event])).get(event));
  }

  async #checkPublishable(workspace: string, event: string, body: RouteBody): Promise<void> {
    const found = await this.#stores.templates.heads(workspace, templatesOfRoute(body));
    for (const template of templatesOfRoute(body))
      if (found.get(template)?.publishedVersion === undefined)
        throw badInput('event', `The route's template "${template}" is not published; publish it first.`);
    const cycle = await followUpCycle(event, body, (events) => this.#bodies(workspace, events));
    if (cycle)
      throw badInput(
        'event',
        `The events would bring each other about without end: ${cycle.path.join(' → ')}. Save the route with other follow-ups.`,
      );
  }

  /** What events lead to, by draft and by published version. */
  async #bodies(workspace: string, events: readonly string[]): Promise<Map<string, readonly RouteBody[]>> {
    const heads = await this.#stores.routes.fullHeads(workspace, events);
    return new Map(
      [...heads].map(([event, { draft, published }]) => [
        event,
        [draft, published].filter((body) => body !== undefined),
      ]),
    );
  }

  /**
   * Takes a route away: at once, or, in a package, when that is published. Its versions stay.
   * @throws HeraldError NOT_FOUND.
   */
  async remove(workspace: string, event: string, publisher: Publisher = {}): Promise<Removal> {
    const removal = await this.#stores.change(workspace, publishStamp(publisher), async () => {
      const head = thatIs(NAMED, event, await this.#stores.routes.head(workspace, event));
      if (head.packageKey !== undefined) {
        const { change, result } = removalFromPackage(head);
        return { changes: { routes: [change] }, result };
      }
      return {
        changes: { routes: [{ kind: 'withdraw' as const, workspace, id: event, head }] },
        result: 'REMOVED' as const,
      };
    });
    this.#log.info({ workspace, route: event, removal, by: publisher.by }, 'route removed');
    if (removal === 'REMOVED')
      await this.#bus.invalidate({ topic: 'route', key: scopedKey(workspace, event) });
    return removal;
  }

  /** Newest first: at most `limit` before the version `before`. */
  history(
    workspace: string,
    event: string,
    before: number | undefined,
    limit: number,
  ): Promise<VersionStamp[]> {
    return this.#stores.routes.history(workspace, event, before, limit);
  }

  /** By event; events without a route are absent from the map. */
  find(workspace: string, events: readonly string[]): Promise<Map<string, RouteHead>> {
    return this.#stores.routes.heads(workspace, events.filter(isCallerId));
  }

  page(workspace: string, after: string | undefined, limit: number): Promise<RouteHead[]> {
    return this.#stores.routes.page(workspace, after, limit);
  }
}
