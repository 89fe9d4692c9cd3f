/** Channels and states as people read them. */
import { h } from './dom.js';
import { icon } from './icons.js';

/** @type {Readonly<Record<string, readonly [string, import('./icons.js').IconName]>>} */
const CHANNELS = {
  IN_APP: ['In-app', 'inbox'],
  WEB_PUSH: ['Web push', 'browser'],
  MOBILE_PUSH: ['Mobile push', 'phone'],
  EMAIL: ['E-mail', 'mail'],
  SMS: ['SMS', 'chat'],
  VOICE: ['Phone call', 'call'],
  WHATSAPP: ['WhatsApp', 'chat'],
  TELEGRAM: ['Telegram', 'send'],
  WECHAT: ['WeChat', 'chat'],
  WECOM: ['WeCom', 'chat'],
  DINGTALK: ['DingTalk', 'chat'],
  QQ: ['QQ', 'chat'],
  SLACK: ['Slack', 'chat'],
  WEBHOOK: ['Webhook', 'hook'],
};

export const CHANNEL_NAMES = Object.keys(CHANNELS);

/** @param {string} channel */
export const channelLabel = (channel) => CHANNELS[channel]?.[0] ?? channel;

/** @param {string} channel */
export function channelTag(channel) {
  return h('span', { class: 'channel' }, icon(CHANNELS[channel]?.[1] ?? 'dot'), channelLabel(channel));
}

/** How a state looks: good, bad, busy or quiet. @type {Readonly<Record<string, string>>} */
const TONES = {
  DELIVERED: 'good',
  SENT: 'good',
  COMPLETED: 'good',
  FAILED: 'bad',
  OPEN: 'bad',
  OK: 'good',
  DEGRADED: 'bad',
  CIRCUIT_OPEN: 'bad',
  UNUSABLE: 'bad',
  PAUSED: 'busy',
  EXPIRED: 'bad',
  QUEUED: 'busy',
  SENDING: 'busy',
  ACCEPTED: 'busy',
  PROCESSING: 'busy',
  SCHEDULED: 'busy',
  AWAITING_APPROVAL: 'busy',
};

/** For example `AWAITING_APPROVAL` → "Awaiting approval". @param {string} constant */
export const inWords = (constant) =>
  constant === 'OK' ? constant : constant.charAt(0) + constant.slice(1).toLowerCase().replaceAll('_', ' ');

/** @param {string} state of a notification, a delivery or a provider account */
export const stateTag = (state) => h('span', { class: `state ${TONES[state] ?? 'quiet'}` }, inWords(state));
