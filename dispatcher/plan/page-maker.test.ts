import { expect, it } from 'vitest';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import { notification } from '../../subgraphs/notifications/testing/open-store.ts';
import type { CompiledTemplate, TemplatesService } from '../../subgraphs/templates/index.ts';
import type { UsersService } from '../../subgraphs/users/index.ts';
import { PageMaker } from './page-maker.ts';

const template = (id: string, version: number): CompiledTemplate => ({
  id,
  name: id,
  version,
  channels: ['EMAIL'],
  dataProblem: () => undefined,
  render: (channel) => ({ channel, locale: 'en', body: `${id} ${version}` }),
});

it('a replay renders each message of an event by its own template, whatever page it is on', async () => {
  const own = { action: 'customer', template: 'paid-customer', address: 'a@example.org' };
  const other = { action: 'support', template: 'paid-support', address: 'b@example.org' };
  const originals = [own, other].map(
    (of): DeliveryRecord => ({
      _id: `dlv-${of.action}`,
      workspace: 'default',
      app: 'app',
      notification: 'ntf_1',
      sole: false,
      channel: 'EMAIL',
      state: 'FAILED',
      attempt: 1,
      attempts: [],
      priority: 'MEDIUM',
      createdAt: new Date(),
      nextAttemptAt: null,
      ...of,
    }),
  );
  const pages = new PageMaker({
    outbox: { originals: async () => originals },
    users: {
      recipients: async () => new Map(),
      suppressedOf: async () => [],
    } as Partial<UsersService> as UsersService,
    templates: {
      publishedTemplate: async (_workspace, id) => template(id, 7),
      templateVersion: async (_workspace, id, version) =>
        id === 'paid-customer' ? template(id, version) : undefined,
    } as Partial<TemplatesService> as TemplatesService,
    rules: { claimOnce: async () => new Map(), countMessages: async () => [] },
    configured: () => new Set(['EMAIL']),
  });
  // The first page has fixed the version of the notification's own template.
  const { content: _none, ...replay } = notification({
    template: 'paid-customer',
    templateVersion: 3,
    planCursor: '500',
    to: [],
    resend: { deliveries: originals.map(({ _id }) => _id), anew: true },
  });
  const failures = new Map<string, unknown>();
  const [page] = await pages.pages([replay], failures);
  expect([...failures.values()]).toEqual([]);
  expect(page?.deliveries.map(({ content }) => content?.body)).toEqual(['paid-customer 3', 'paid-support 7']);
});
