/** The enums of the public contract as values, for code that must loop over them. A test holds them to the SDL. */
export const CHANNELS = [
  'IN_APP',
  'WEB_PUSH',
  'MOBILE_PUSH',
  'EMAIL',
  'SMS',
  'VOICE',
  'WHATSAPP',
  'TELEGRAM',
  'WECHAT',
  'WECOM',
  'DINGTALK',
  'QQ',
  'SLACK',
  'WEBHOOK',
] as const;
export type Channel = (typeof CHANNELS)[number];

export const PRIORITIES = ['HIGH', 'MEDIUM', 'LOW'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const NOTIFICATION_STATES = [
  'SCHEDULED',
  'AWAITING_APPROVAL',
  'ACCEPTED',
  'PROCESSING',
  'COMPLETED',
  'CANCELED',
  'EXPIRED',
] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

export const DELIVERY_STATES = [
  'QUEUED',
  'SENDING',
  'SENT',
  'DELIVERED',
  'FAILED',
  'SKIPPED',
  'EXPIRED',
  'CANCELED',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const SKIP_REASONS = [
  'NO_ADDRESS',
  'CHANNEL_NOT_CONFIGURED',
  'UNSUBSCRIBED',
  'SUPPRESSED',
  'FREQUENCY_CAP',
  'NOT_ALLOWED',
  'FALLBACK_NOT_NEEDED',
  'ALREADY_SENT',
  'QUIET_HOURS',
  'DIGESTED',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];
