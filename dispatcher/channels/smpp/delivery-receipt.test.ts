import { describe, expect, it } from 'vitest';
import { idOfAnswer, type ReceiptIds, readDeliveryReceipt } from './delivery-receipt.ts';

/** SMPP 3.4, Appendix B. */
const text = (stat: string, id = '0123456789') =>
  `id:${id} sub:001 dlvrd:001 submit date:0610131200 done date:0610131201 stat:${stat} err:000 text:Hello`;

describe('readDeliveryReceipt', () => {
  it.each([
    [
      'a text',
      { esm_class: 0x04, short_message: { message: text('DELIVRD') } },
      { kind: 'delivered', providerMessageId: '123456789', message: 'The SMSC says DELIVRD, error 000.' },
    ],
    [
      'a text in other letters',
      { esm_class: 0x04, short_message: { message: 'ID:A-1 STAT:undeliv ERR:001' } },
      { kind: 'failed', providerMessageId: 'a-1', key: 'a-1:UNDELIV' },
    ],
    [
      'fields',
      { esm_class: 0x44, receipted_message_id: 'x\0', message_state: 8, short_message: { message: '' } },
      { kind: 'failed', providerMessageId: 'x', message: 'The SMSC says REJECTD.' },
    ],
    [
      'an intermediate one',
      { esm_class: 0x20, receipted_message_id: 'x', message_state: 1 },
      { kind: 'deferred', providerMessageId: 'x' },
    ],
    ['a message of somebody', { esm_class: 0x00, short_message: { message: text('DELIVRD') } }, undefined],
    ['a receipt of nothing', { esm_class: 0x04, short_message: { message: 'hi' } }, undefined],
    ['nothing', {}, undefined],
  ])('reads %s', (_what, pdu, receipt) => {
    const read = readDeliveryReceipt(pdu);
    if (receipt) expect(read).toMatchObject(receipt);
    else expect(read).toBeUndefined();
  });

  it.each([
    ['DELIVRD', 'delivered'],
    ['DELIVERED', 'delivered'],
    ['EXPIRED', 'failed'],
    ['DELETED', 'failed'],
    ['UNDELIV', 'failed'],
    ['UNDELIVERABLE', 'failed'],
    ['REJECTD', 'failed'],
    ['REJECTED', 'failed'],
    ['FAILED', 'failed'],
    ['ENROUTE', 'deferred'],
    ['ACCEPTD', 'deferred'],
    ['UNKNOWN', 'deferred'],
    ['SOMETHING', 'deferred'],
  ])('%s is %s', (stat, kind) => {
    const pdu = { esm_class: 4, short_message: { message: text(stat) } };
    expect(readDeliveryReceipt(pdu)).toMatchObject({ kind });
  });
});

describe('message ids', () => {
  it.each<[ReceiptIds, answer: string, receipt: string]>([
    ['same', 'id-1', 'id-1'],
    ['same', '3a7F', '3A7f'],
    ['same', '0000123456', '123456'],
    ['same', '123456', '0000123456'],
    ['same', '0', '000'],
    ['decimal', '1A2B3C', '1715004'],
    ['decimal', '00ff', '0000000255'],
    ['decimal', 'FFFFFFFFFFFFFFFFFF', '4722366482869645213695'],
    ['hex', '1715004', '1a2b3c'],
    ['decimal', 'not a number', 'NOT A NUMBER'],
  ])('%s: %s is %s', (ids, answer, receipt) => {
    const pdu = { esm_class: 4, receipted_message_id: receipt, message_state: 2 };
    expect(readDeliveryReceipt(pdu, ids)?.providerMessageId).toBe(idOfAnswer(answer, ids));
  });

  it.each<[ReceiptIds, answer: string, receipt: string]>([
    ['same', '10', '100'],
    ['same', '255', 'ff'],
    ['decimal', '10', '10'],
    ['hex', '10', '10'],
  ])('%s: %s is not %s', (ids, answer, receipt) => {
    const pdu = { esm_class: 4, receipted_message_id: receipt, message_state: 2 };
    expect(readDeliveryReceipt(pdu, ids)?.providerMessageId).not.toBe(idOfAnswer(answer, ids));
  });

  it('goes by the text where receipts are written in another way than answers', () => {
    const pdu = {
      esm_class: 4,
      receipted_message_id: 'FF',
      message_state: 2,
      short_message: { message: 'id:0255 stat:DELIVRD' },
    };
    expect(readDeliveryReceipt(pdu, 'decimal')?.providerMessageId).toBe(idOfAnswer('FF', 'decimal'));
    expect(readDeliveryReceipt(pdu, 'same')?.providerMessageId).toBe('ff');
  });
});
