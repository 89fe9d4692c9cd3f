/** Whether a browser's key is the one of Herald's, which comes as base64url (RFC 8292). None is none of ours. */
export function isSameKey(key: ArrayBuffer | null, base64url: string): boolean {
  if (!key) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(key)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === base64url.replaceAll('=', '');
}
