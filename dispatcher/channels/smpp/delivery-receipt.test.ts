import { expect, it } from 'vitest';
import { readDeliveryReceipt } from './delivery-receipt.ts';

/** SMPP 3.4, Appendix B. */
const TEXT =
  'id:0123456789 sub:001 dlvrd:001 submit date:0610131200 done date:0610131201 stat:DELIVRD err:000 text:Hello';

it.each([
  [
    'a text',
    { esm_class: 0x04, short_message: { message: TEXT } },
    { providerMessageId: '0123456789', state: 'DELIVRD', error: '000' },
  ],
  [
    'a text in other letters',
    { esm_class: 0x04, short_message: { message: 'ID:a-1 STAT:UNDELIV ERR:001' } },
    { providerMessageId: 'a-1', state: 'UNDELIV', error: '001' },
  ],
  [
    'fields',
    { esm_class: 0x44, receipted_message_id: 'x\0', message_state: 8, short_message: { message: '' } },
    { providerMessageId: 'x', state: 'REJECTD' },
  ],
  ['a message of somebody', { esm_class: 0x00, short_message: { message: TEXT } }, undefined],
  ['a receipt of nothing', { esm_class: 0x04, short_message: { message: 'hi' } }, undefined],
  ['nothing', {}, undefined],
])('reads %s', (_what, pdu, receipt) => {
  expect(readDeliveryReceipt(pdu)).toEqual(receipt);
});
