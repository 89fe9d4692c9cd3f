import { expect, it } from 'vitest';
import { signAcsCall } from './sign-request.ts';

const credentials = { accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' };

it('makes the signature of the documentation’s example', () => {
  // https://help.aliyun.com/document_detail/2593177.html
  const { query, headers } = signAcsCall(
    {
      host: 'ecs.cn-shanghai.aliyuncs.com',
      action: 'RunInstances',
      version: '2014-05-26',
      parameters: {
        RegionId: 'cn-shanghai',
        ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd',
      },
      at: new Date('2023-10-26T10:22:32.123Z'),
      nonce: '3156853299f313e23d1673dc12e1703d',
    },
    credentials,
  );
  expect(query).toBe('ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai');
  expect(headers.authorization).toBe(
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

it('encodes as RFC 3986 has it', () => {
  const { query } = signAcsCall(
    {
      host: 'h',
      action: 'a',
      version: 'v',
      parameters: { b: "!'()* ~-_.ü/+&=", a: '\ud800' },
      at: new Date(0),
      nonce: 'n',
    },
    credentials,
  );
  expect(query).toBe('a=%EF%BF%BD&b=%21%27%28%29%2A%20~-_.%C3%BC%2F%2B%26%3D');
});
