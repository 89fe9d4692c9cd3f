import { describe, expect, it } from 'vitest';
import type { RawReceipt } from '../contract.ts';
import { parseReport, reportToken } from './report.ts';

const SECRET = 'a private key';
const raw = (body: unknown, method = 'POST'): RawReceipt => ({
  method,
  url: new URL('https://herald.example/receipts/web-push'),
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const report = (event: string, changes: object = {}) => ({
  delivery: 'dlv_1',
  event,
  token: reportToken(SECRET, 'dlv_1'),
  ...changes,
});

describe('reports of a service worker', () => {
  it.each([
    ['shown', 'delivered'],
    ['clicked', 'clicked'],
    ['dismissed', 'dismissed'],
  ])('%s is the receipt %s, the same each time', (event, kind) => {
    const parsed = parseReport(SECRET, raw(report(event)));
    expect(parsed).toEqual({
      kind: 'receipts',
      receipts: [{ key: `dlv_1 ${event}`, kind, delivery: 'dlv_1' }],
    });
    expect(parseReport(SECRET, raw(report(event)))).toEqual(parsed);
  });

  it.each([
    ['of another delivery', report('shown', { delivery: 'dlv_2' })],
    ['of another key', report('shown', { token: reportToken('another key', 'dlv_1') })],
    ['without a token', report('shown', { token: '' })],
    ['with a longer token', report('shown', { token: `${reportToken(SECRET, 'dlv_1')}A` })],
  ])('one %s is not believed', (_what, body) => {
    expect(parseReport(SECRET, raw(body))).toMatchObject({ kind: 'unauthorized' });
  });

  it.each([
    ['no JSON', 'clicked'],
    ['nothing', ''],
    ['another event', report('bought')],
    ['a list', [report('shown')]],
    ['no delivery', report('shown', { delivery: '' })],
  ])('%s is malformed', (_what, body) => {
    expect(parseReport(SECRET, raw(body))).toMatchObject({ kind: 'malformed' });
  });

  it('a GET is malformed', () => {
    expect(parseReport(SECRET, raw('', 'GET'))).toMatchObject({ kind: 'malformed' });
  });
});
