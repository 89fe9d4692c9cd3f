/** The roles of Herald's processes. */

/** The roles a process can take; `all` is what `npm start` runs. */
export const ROLES = [
  'gateway',
  'notifications',
  'templates',
  'users',
  'analytics',
  'dispatcher',
  'scheduler',
] as const;
export type Role = (typeof ROLES)[number];

/** Default HTTP port of each role when it runs alone (`PORT` overrides). */
export const DEFAULT_PORTS: Readonly<Record<Role, number>> = {
  gateway: 4000,
  notifications: 4001,
  templates: 4002,
  users: 4003,
  analytics: 4004,
  dispatcher: 4005,
  scheduler: 4006,
};
