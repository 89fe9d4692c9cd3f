/** What the demo sends: a template for a greeting, and a route for a paid order. */
import { DEMO_EVENT, DEMO_TEMPLATE } from '../../platform/names/demo.ts';
import type { RouteDrafts } from './service/route-drafts.ts';
import type { TemplateDrafts } from './service/template-drafts.ts';

const TEMPLATES = [
  {
    id: DEMO_TEMPLATE,
    name: 'Welcome',
    category: 'account',
    variables: {
      type: 'object',
      required: ['product'],
      properties: { product: { type: 'string', description: 'What the person has signed up for.' } },
    },
    contents: [
      {
        channel: 'IN_APP' as const,
        title: 'Welcome to {{product}}',
        body: 'Hello {{user.name}}, good to have you here.',
        url: '/inbox',
      },
      {
        channel: 'EMAIL' as const,
        title: 'Welcome to {{product}}',
        body: 'Hello {{user.name}},\n\ngood to have you here.',
        html: '<h1>Welcome to {{product}}</h1><p>Hello {{user.name}}, good to have you here.</p>',
      },
      { channel: 'SMS' as const, body: '{{product}}: welcome, {{user.name}}!' },
    ],
  },
  {
    id: 'order-paid',
    name: 'Order paid',
    category: 'orders',
    variables: {
      type: 'object',
      required: ['order', 'total'],
      properties: { order: { type: 'string' }, total: { type: 'string' } },
    },
    contents: [
      {
        channel: 'IN_APP' as const,
        title: 'Order {{order}} is paid',
        body: 'We have received {{total}}. Thank you!',
      },
      {
        channel: 'EMAIL' as const,
        title: 'Order {{order}} is paid',
        body: 'Hello {{user.name}},\n\nwe have received {{total}} for order {{order}}. Thank you!',
      },
    ],
  },
];

/** Makes and publishes them where they are not there: what operators have changed since stays as it is. */
export async function ensureDemo(
  workspace: string,
  templates: TemplateDrafts,
  routes: RouteDrafts,
): Promise<void> {
  const existing = await templates.find(
    workspace,
    TEMPLATES.map(({ id }) => id),
  );
  for (const template of TEMPLATES) {
    if (existing.has(template.id)) continue;
    await templates.save(workspace, template);
    await templates.publish(workspace, template.id);
  }
  if ((await routes.find(workspace, [DEMO_EVENT])).has(DEMO_EVENT)) return;
  await routes.save(workspace, {
    event: DEMO_EVENT,
    template: 'order-paid',
    channels: ['IN_APP', 'EMAIL'],
    priority: 'MEDIUM',
    category: 'orders',
    delaySeconds: 0,
    recipients: [],
  });
  await routes.publish(workspace, DEMO_EVENT);
}
