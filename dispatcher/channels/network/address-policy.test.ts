import { describe, expect, it } from 'vitest';
import { createAddressPolicy } from './address-policy.ts';

describe('address policy', () => {
  const judge = createAddressPolicy([]);

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.254',
    '127.0.0.1',
    '127.1.2.3',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::2',
    '::127.0.0.1',
    '::8.8.8.8',
    '100::1',
    '5f00::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%lo',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.1.2.3',
    '::ffff:169.254.169.254',
    '::ffff:0.0.0.0',
    '0:0:0:0:0:ffff:c0a8:0101',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b::',
    '64:ff9b:1::8.8.8.8',
    '',
    'localhost',
    '127.1',
    '0x7f.1',
    '2130706433',
    'fe80::1%25eth0',
    'not an address',
    '1.2.3.4.5',
  ])('%s is refused', (address) => {
    expect(judge(address)).toBe('refused');
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:200::1',
    '2a00:1450:4001:80b::200e',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => {
    expect(judge(address)).toBe('public');
  });

  it('lets in what the operator allowed, and nothing beside it', () => {
    const policy = createAddressPolicy(['10.1.0.0/16', '127.0.0.1/32', 'fd00::/8']);
    expect(['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', 'fd12::1'].map(policy)).toEqual(
      Array(5).fill('allowed'),
    );
    expect(['10.2.0.1', '127.0.0.2', 'fc00::1', '::1', '::ffff:127.0.0.2'].map(policy)).toEqual(
      Array(5).fill('refused'),
    );
    expect(policy('8.8.8.8')).toBe('public');
  });

  it('an IPv4 network does not let IPv6 in, nor the other way round', () => {
    expect(createAddressPolicy(['0.0.0.0/0'])('::1')).toBe('refused');
    expect(createAddressPolicy(['::/0'])('127.0.0.1')).toBe('refused');
  });

  it.each(['10.0.0.0', 'example.com/8', '10.0.0.0/x', ''])('%s is no network', (network) => {
    expect(() => createAddressPolicy([network])).toThrow(/is not a network/);
  });
});
