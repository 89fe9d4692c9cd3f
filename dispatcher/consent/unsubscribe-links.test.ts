import { describe, expect, it } from 'vitest';
import type { Channel, Priority } from '../../platform/graphql/contract-enums.ts';
import { UnsubscribeLinks } from './unsubscribe-links.ts';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const URL_ = 'https://herald.example.com/';
const mail = {
  _id: 'dlv_01jc0000000000000000000000',
  channel: 'EMAIL' as Channel,
  category: 'news',
  priority: 'LOW' as Priority,
};

describe('UnsubscribeLinks', () => {
  const links = new UnsubscribeLinks(NEW, URL_);

  it('a link leads back to its delivery', () => {
    const url = links.urlOf(mail) ?? '';
    expect(url).toMatch(/^https:\/\/herald\.example\.com\/unsubscribe\/dlv_[0-9a-z]{26}\.[\w-]{22}$/);
    expect(links.deliveryOf(url.split('/').at(-1) ?? '')).toBe(mail._id);
  });

  it.each<[string, Partial<typeof mail>]>([
    ['an SMS', { channel: 'SMS' }],
    ['a one-time password', { priority: 'HIGH' }],
  ])('%s has none', (_what, change) => {
    expect(links.urlOf({ ...mail, ...change })).toBeUndefined();
  });

  it('nor has what is of no category, nor anything without a public address', () => {
    const { category: _category, ...none } = mail;
    expect(links.urlOf(none)).toBeUndefined();
    expect(new UnsubscribeLinks(NEW, undefined).urlOf(mail)).toBeUndefined();
  });

  const token = links.tokenOf(mail._id);
  it.each([
    ['another delivery', token.replace('dlv_01', 'dlv_02')],
    ['another signature', `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`],
    ['a shorter signature', token.slice(0, -4)],
    ['no signature', mail._id],
    ['no delivery', token.slice(token.lastIndexOf('.'))],
    ['another key', new UnsubscribeLinks(OLD, URL_).tokenOf(mail._id)],
    ['nothing', ''],
  ])('%s is not believed', (_what, forged) => {
    expect(links.deliveryOf(forged)).toBeUndefined();
  });

  it('links of the former key count until it is taken away', () => {
    const before = new UnsubscribeLinks(OLD, URL_).tokenOf(mail._id);
    const both = new UnsubscribeLinks(`${NEW},${OLD}`, URL_);
    expect(both.deliveryOf(before)).toBe(mail._id);
    expect(both.tokenOf(mail._id)).toBe(token);
  });
});
