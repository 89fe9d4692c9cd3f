/** About how many bytes of memory a recipient takes: what grows with what callers gave, and the rest as a constant. */
import type { Recipient } from '../contract.ts';

const BASE = 800;
/** A parsed JSON value takes several times its text. */
const PER_ATTRIBUTE_CHAR = 4;
const PER_LIST_ENTRY = 120;

/** @param attributeChars length of the attributes as JSON text. */
export function weightOf(recipient: Recipient, attributeChars: number): number {
  const { groups, addresses, preferences, devices } = recipient;
  const entries = groups.length + addresses.length + preferences.length + devices.length;
  let chars = 0;
  for (const group of groups) chars += group.length;
  for (const { address } of addresses) chars += address.length;
  for (const { endpoint } of devices) chars += endpoint.length + 150;
  return BASE + PER_ATTRIBUTE_CHAR * attributeChars + PER_LIST_ENTRY * entries + chars;
}
