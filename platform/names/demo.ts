/** Ids of what the demo is made of. */
export const DEMO_USER = 'demo';
export const DEMO_APP = 'app_demo';
export const DEMO_TEMPLATE = 'welcome';
export const DEMO_EVENT = 'order.paid';
