/** What pages import: `@herald/client/browser`. */
export {
  createInbox,
  HeraldInboxError,
  type Inbox,
  type InboxError,
  type InboxItem,
  type InboxOptions,
  type InboxSnapshot,
  type InboxStatus,
  type TokenSource,
} from './inbox.ts';
export { type Device, registerDevice, removeDevice } from './push/devices.ts';
export {
  disablePush,
  enablePush,
  type PushOptions,
  type PushState,
  pushState,
  refreshPush,
} from './push/push.ts';
