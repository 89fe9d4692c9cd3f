import { describe, expect, it } from 'vitest';
import { addressOf, aliyunParameters } from './message-body.ts';

const defaults = { signName: '赫拉德', templateCode: 'SMS_1', titleParam: undefined, bodyParam: 'content' };
const message = { address: '+8613800138000', title: 'Paid', body: 'Order 7', url: 'https://a.example/7' };

describe('aliyunParameters', () => {
  it('puts the message into the account’s template', () => {
    expect(aliyunParameters(message, 'k-1', defaults, undefined)).toEqual({
      parameters: {
        PhoneNumbers: '13800138000',
        SignName: '赫拉德',
        TemplateCode: 'SMS_1',
        TemplateParam: JSON.stringify({ content: 'Paid\nOrder 7\nhttps://a.example/7' }),
        OutId: 'k-1',
      },
    });
  });

  it('keeps the title apart where it has a parameter', () => {
    expect(aliyunParameters(message, 'k', { ...defaults, titleParam: 'title' }, undefined)).toMatchObject({
      parameters: {
        TemplateParam: JSON.stringify({ title: 'Paid', content: 'Order 7\nhttps://a.example/7' }),
      },
    });
  });

  it('takes sign name, template and parameters from the caller', () => {
    const part = { signName: 'B', templateCode: 'SMS_2', params: { code: '1234' }, upExtendCode: '90' };
    expect(aliyunParameters(message, 'a key', defaults, part)).toEqual({
      parameters: {
        PhoneNumbers: '13800138000',
        SignName: 'B',
        TemplateCode: 'SMS_2',
        TemplateParam: '{"code":"1234"}',
        SmsUpExtendCode: '90',
      },
    });
  });

  it.each([
    ['no template', { ...defaults, templateCode: undefined }, 'x', 'CHANNEL_MESSAGE_REJECTED'],
    ['501 characters', defaults, '好'.repeat(501), 'CHANNEL_MESSAGE_TOO_LARGE'],
  ])('refuses %s', (_what, given, body, code) => {
    expect(aliyunParameters({ address: '+8613800138000', body }, 'k', given, undefined)).toMatchObject({
      wrong: { code },
    });
  });

  it.each([
    ['+8613800138000', '13800138000'],
    ['+85212345678', '85212345678'],
    ['+861012345678', '861012345678'],
    ['+12025550123', '12025550123'],
  ])('%s goes as %s', (address, number) => {
    expect(aliyunParameters({ ...message, address }, 'k', defaults, undefined)).toMatchObject({
      parameters: { PhoneNumbers: number },
    });
    if (address !== '+12025550123') expect(addressOf(number)).toBe(address);
  });
});
