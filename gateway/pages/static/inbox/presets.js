/** Examples of what a backend service sends. */

export const MUTATION = `mutation Send($input: SendNotificationInput!) {
  sendNotification(input: $input) {
    deduplicated
    notification {
      id
      state
    }
  }
}`;

/** @type {readonly { name: string, input: Record<string, unknown> }[]} */
export const PRESETS = [
  {
    name: 'In-app',
    input: {
      content: { title: 'Your report is ready', body: 'The figures for this month are in.', url: '/inbox' },
      to: [{ user: 'demo' }],
      channels: ['IN_APP'],
      category: 'reports',
    },
  },
  {
    name: 'Template',
    input: {
      template: 'welcome',
      data: { product: 'Herald' },
      to: [{ user: 'demo' }],
      channels: ['IN_APP', 'EMAIL', 'SMS'],
    },
  },
  {
    name: 'Event order.paid',
    input: {
      event: 'order.paid',
      data: { order: 'A-1042', total: '€ 89.00' },
      to: [{ user: 'demo' }],
    },
  },
  {
    name: 'Browser push',
    input: {
      content: { title: 'Your table is ready', body: 'Please come to the counter.', url: '/inbox' },
      to: [{ user: 'demo' }],
      channels: ['WEB_PUSH', 'IN_APP'],
      priority: 'HIGH',
    },
  },
];
