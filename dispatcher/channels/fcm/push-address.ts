/** What a MOBILE_PUSH address means to FCM. */

/** A device's registration token, or a topic that devices subscribed to. */
export type FcmTarget = { readonly token: string } | { readonly topic: string };

/** Registration tokens have no documented form; these are the characters that they are made of. */
const TOKEN = /^[\w:.-]{10,4096}$/;
/** https://firebase.google.com/docs/cloud-messaging/send-topic-messages: "Developers can choose any topic name that matches …" */
const TOPIC = /^[a-zA-Z0-9-_.~%]{1,900}$/;

/** Addresses of other push services: all that has no prefix is FCM's. */
const OTHERS = /^(apns|arn):/i;

/** Whether FCM is meant: `fcm:<token>`, `topic:<name>` or a bare registration token. */
export const isFcmAddress = (address: string): boolean => !OTHERS.test(address);

/** Reads an address; undefined where it is none. */
export function readFcmAddress(address: string): FcmTarget | undefined {
  if (!isFcmAddress(address)) return undefined;
  const [, prefix = '', value = ''] = /^(fcm:|topic:)?(.*)$/s.exec(address) ?? [];
  if (prefix === 'topic:') return TOPIC.test(value) ? { topic: value } : undefined;
  return TOKEN.test(value) ? { token: value } : undefined;
}
