import { describe, expect, it } from 'vitest';
import { SecretBox } from './secret-box.ts';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const text = '{"authToken":"päss 🔑"}';

describe('SecretBox', () => {
  it('opens what it sealed, and never seals alike', () => {
    const box = new SecretBox(NEW);
    const sealed = [box.seal(text, 'account a'), box.seal(text, 'account a')];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(sealed.map((each) => box.open(each, 'account a'))).toEqual([text, text]);
    expect(sealed.join()).not.toContain('authToken');
    expect(sealed[0]).toMatch(/^[\w.-]+$/);
  });

  it('opens nothing that was changed, or sealed for another place', () => {
    const box = new SecretBox(NEW);
    const sealed = box.seal(text, 'account a');
    expect(() => box.open(sealed, 'account b')).toThrow('account b cannot be decrypted');
    const at = sealed.length - 4;
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(() => box.open(changed, 'account a')).toThrow('cannot be decrypted');
    for (const broken of ['', 'v1', 'v1.x.y.z', text])
      expect(() => box.open(broken, 'account a')).toThrow('HERALD_SECRET_KEY');
  });

  it('a new key in front seals, the former one still opens', () => {
    const before = new SecretBox(OLD).seal(text, 'p');
    const both = new SecretBox(`${NEW},${OLD}`);
    expect(both.open(before, 'p')).toBe(text);
    expect(both.isOld(before)).toBe(true);
    const after = both.seal(text, 'p');
    expect(both.isOld(after)).toBe(false);
    expect(new SecretBox(NEW).open(after, 'p')).toBe(text);
    expect(() => new SecretBox(NEW).open(before, 'p')).toThrow('add the former key');
  });
});
