/** `/unsubscribe/<token>`: a POST ends the messages (RFC 8058, 3.2), a GET asks whether it shall. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { takeRawBodies } from '../../platform/http/raw-bodies.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { DeliveryRecord, Outbox } from '../../subgraphs/notifications/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import { withdrawConsentOf } from './stop-sending.ts';
import type { UnsubscribeLinks } from './unsubscribe-links.ts';
import { confirmPage, donePage, UNSUBSCRIBE_PAGE_HEADERS, unknownLinkPage } from './unsubscribe-page.ts';

export interface UnsubscribeDeps {
  readonly links: UnsubscribeLinks;
  readonly outbox: Pick<Outbox, 'originals'>;
  readonly users: Pick<UsersService, 'suppress' | 'withdrawConsent'>;
  readonly log: Logger;
  /** A mail can be quicker than the record of its delivery: it is looked for again after these times. */
  readonly lookAgainMs?: readonly number[];
}

/** A form of one field. */
const BODY_LIMIT_BYTES = 64 * 1024;

export function registerUnsubscribe(app: FastifyInstance, deps: UnsubscribeDeps): void {
  app.register(async (routes) => {
    // The token says all: what comes in the form is not read, whatever its type.
    takeRawBodies(routes);
    const url = '/unsubscribe/:token';
    routes.get<{ Params: { token: string } }>(url, async (request, reply) => {
      const delivery = await deliveryOf(request.params.token, deps);
      return delivery ? show(reply, 200, confirmPage(delivery)) : show(reply, 404, unknownLinkPage());
    });
    routes.post<{ Params: { token: string } }>(
      url,
      { bodyLimit: BODY_LIMIT_BYTES },
      async (request, reply) => {
        const delivery = await deliveryOf(request.params.token, deps);
        if (!delivery) return show(reply, 404, unknownLinkPage());
        await withdrawConsentOf(delivery, 'link', undefined, deps.users);
        const { _id, workspace, notification, user, category } = delivery;
        deps.log.info({ workspace, notification, delivery: _id, user, category }, 'unsubscribed by link');
        return show(reply, 200, donePage(delivery));
      },
    );
  });
}

async function deliveryOf(
  token: string,
  { links, outbox, lookAgainMs = [300, 1_500] }: UnsubscribeDeps,
): Promise<DeliveryRecord | undefined> {
  const id = links.deliveryOf(token);
  if (id === undefined) return undefined;
  for (const waitMs of [0, ...lookAgainMs]) {
    await sleep(waitMs);
    const [delivery] = await outbox.originals([id]);
    if (delivery) return delivery;
  }
  return undefined;
}

const show = (reply: FastifyReply, status: number, html: string): FastifyReply =>
  reply.code(status).headers(UNSUBSCRIBE_PAGE_HEADERS).send(html);
