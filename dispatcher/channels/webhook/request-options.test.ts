import { describe, expect, it } from 'vitest';
import { headersSchema, mergedHeaders, webhookPart } from './request-options.ts';

describe('headers', () => {
  it.each([[{ Authorization: 'Bearer a.b-c', 'X-Tenant': 'größe', 'content-type': 'text/xml' }], [{}]])(
    '%j',
    (headers) => expect(headersSchema.safeParse(headers).success).toBe(true),
  );

  it.each([
    [{ 'x\r\ny': 'z' }],
    [{ 'x y': 'z' }],
    [{ 'x:': 'z' }],
    [{ '': 'z' }],
    [{ ':path': '/' }],
    [{ x: 'a\r\nHost: evil.example' }],
    [{ x: 'a\nb' }],
    [{ x: 'a\0b' }],
    [{ x: '你好' }],
    [{ x: 'a'.repeat(8_193) }],
    [{ Host: 'evil.example' }],
    [{ 'Content-Length': '0' }],
    [{ 'transfer-encoding': 'chunked' }],
    [{ Connection: 'x' }],
    [{ 'Webhook-Signature': 'v1,forged' }],
    [{ 'webhook-id': 'x' }],
    [{ 'X-a': '1', 'x-A': '2' }],
    [Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`x-${i}`, '']))],
  ])('refuses %j', (headers) => expect(headersSchema.safeParse(headers).success).toBe(false));

  it('does not tell a value that is wrong', () => {
    const { error } = headersSchema.safeParse({ authorization: 's3cr3t\n' });
    expect(error?.message).toContain('authorization');
    expect(error?.message).not.toContain('s3cr3t');
  });

  it('are merged by name, the last counts', () => {
    expect(mergedHeaders({ a: '1', b: '1' }, undefined, { A: '2' })).toEqual({ a: '2', b: '1' });
  });
});

it.each([
  [{ method: 'PATCH', headers: { 'x-a': 'b' } }, true],
  [{}, true],
  [{ method: 'TRACE' }, false],
  [{ method: 'CONNECT' }, false],
  [{ method: 'GET / HTTP/1.1\r\n' }, false],
  [{ body: 'x' }, false],
])('data.webhook %j: %s', (part, expected) => expect(webhookPart.safeParse(part).success).toBe(expected));
