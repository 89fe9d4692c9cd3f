/** What the inbox and web push ask of Herald. */
import type {
  ArchiveMutation,
  DeviceSeenMutation,
  InboxEventsSubscription,
  InboxPageQuery,
  MarkAllReadMutation,
  MarkReadMutation,
  MarkUnreadMutation,
  RegisterDeviceMutation,
  RegisterPushMutation,
  RemoveDeviceMutation,
  RemovePushMutation,
  VapidKeyQuery,
} from '../generated/operations.ts';

/** A document that knows the type of its answer. */
export type Operation<T> = string & { readonly answer?: T };

const FIELDS = /* GraphQL */ `
  fragment MessageFields on InboxMessage {
    id
    title
    body
    url
    imageUrl
    data
    category
    createdAt
    readAt
    archivedAt
    notification { id }
  }
`;

export const INBOX_PAGE: Operation<InboxPageQuery> = /* GraphQL */ `
  query InboxPage($first: Int!, $after: String) {
    inbox(first: $first, after: $after) {
      unreadCount
      pageInfo { hasNextPage endCursor }
      nodes { ...MessageFields }
    }
  }
  ${FIELDS}
`;

export const INBOX_EVENTS: Operation<InboxEventsSubscription> = /* GraphQL */ `
  subscription InboxEvents($after: ID) {
    inboxEvents(after: $after) { type unreadCount message { ...MessageFields } }
  }
  ${FIELDS}
`;

export const MARK_READ: Operation<MarkReadMutation> = /* GraphQL */ `
  mutation MarkRead($ids: [ID!]!) { markRead(ids: $ids) { id } }
`;
export const MARK_UNREAD: Operation<MarkUnreadMutation> = /* GraphQL */ `
  mutation MarkUnread($ids: [ID!]!) { markUnread(ids: $ids) { id } }
`;
export const ARCHIVE: Operation<ArchiveMutation> = /* GraphQL */ `
  mutation Archive($ids: [ID!]!) { archive(ids: $ids) { id } }
`;
export const MARK_ALL_READ: Operation<MarkAllReadMutation> = /* GraphQL */ `
  mutation MarkAllRead { markAllRead }
`;

export const VAPID_KEY: Operation<VapidKeyQuery> = /* GraphQL */ `
  query VapidKey { vapidPublicKey }
`;
export const REGISTER_PUSH: Operation<RegisterPushMutation> = /* GraphQL */ `
  mutation RegisterPush($subscription: PushSubscriptionInput!, $userAgent: String) {
    registerPushSubscription(subscription: $subscription, userAgent: $userAgent) { id }
  }
`;
export const REMOVE_PUSH: Operation<RemovePushMutation> = /* GraphQL */ `
  mutation RemovePush($endpoint: String!) { removePushSubscription(endpoint: $endpoint) }
`;
export const DEVICE_SEEN: Operation<DeviceSeenMutation> = /* GraphQL */ `
  mutation DeviceSeen($endpoint: String) { deviceSeen(endpoint: $endpoint) }
`;
export const REGISTER_DEVICE: Operation<RegisterDeviceMutation> = /* GraphQL */ `
  mutation RegisterDevice($device: DeviceInput!) { registerDevice(device: $device) { id } }
`;
export const REMOVE_DEVICE: Operation<RemoveDeviceMutation> = /* GraphQL */ `
  mutation RemoveDevice($id: ID!) { removeDevice(id: $id) }
`;
