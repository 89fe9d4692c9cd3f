/**
 * The most that a channel takes in one message: that of the provider that declares most. Another may take less, and
 * says so before it sends. Imports nothing of the providers; a test compares the two.
 */
import type { Channel } from '../graphql/contract-enums.ts';

export interface ChannelLimit {
  readonly most: number;
  /** Characters are code points; bytes are those of UTF-8. */
  readonly unit: 'CHARACTERS' | 'BYTES';
}

/** The channels without a limit: EMAIL, WEBHOOK and IN_APP take any message, and bodies of WEB_PUSH are cut to fit. */
export const CHANNEL_LIMITS: Readonly<Partial<Record<Channel, ChannelLimit>>> = {
  // Twilio and SNS take 1,600 characters. An SMPP account could be set to more segments than that.
  SMS: { most: 1_600, unit: 'CHARACTERS' },
  // Twilio: about two minutes.
  VOICE: { most: 1_600, unit: 'CHARACTERS' },
  WHATSAPP: { most: 4_096, unit: 'CHARACTERS' },
  TELEGRAM: { most: 4_096, unit: 'CHARACTERS' },
  SLACK: { most: 12_000, unit: 'CHARACTERS' },
  DINGTALK: { most: 20_000, unit: 'BYTES' },
  // Markdown of a group robot; all else of WeCom has half of that.
  WECOM: { most: 4_096, unit: 'BYTES' },
  // FCM and APNs.
  MOBILE_PUSH: { most: 4_096, unit: 'BYTES' },
};
