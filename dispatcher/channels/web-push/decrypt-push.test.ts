import { createECDH } from 'node:crypto';
import { expect, it } from 'vitest';
import { decryptPush } from './decrypt-push.ts';

const bytes = (base64Url: string) => Buffer.from(base64Url, 'base64url');

/** The example of RFC 8291, 5: what the tests of this folder rest on. */
const RFC_EXAMPLE = bytes(
  'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
);

it('decrypts the example of RFC 8291, and only whole', () => {
  const keys = createECDH('prime256v1');
  keys.setPrivateKey(bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'));
  const receiver = { keys, auth: bytes('BTBZMqHH6r4Tts7J_aSIgg') };
  expect(decryptPush(RFC_EXAMPLE, receiver)).toBe('When I grow up, I want to be a watermelon');
  const changed = Buffer.from(RFC_EXAMPLE);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  expect(() => decryptPush(changed, receiver)).toThrow();
});
