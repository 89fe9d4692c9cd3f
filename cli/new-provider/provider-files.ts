/** The files of a new provider, from the sources in files/. */
import { readFile } from 'node:fs/promises';
import Handlebars from 'handlebars';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { NewProvider } from './new-provider-plan.ts';

/** What one kind of address needs, and how an example of it looks. */
interface AddressKind {
  readonly example: string;
  readonly words: string;
  readonly none: string;
}
const PHONE: AddressKind = {
  example: '+491701234567',
  words: 'phone numbers in E.164, `+491701234567`',
  none: 'The address must be a phone number with its country code, such as +491701234567.',
};
const MAIL: AddressKind = {
  example: 'ada@example.com',
  words: 'e-mail addresses',
  none: 'The address must be one plain e-mail address.',
};
const TOKEN: AddressKind = {
  example: 'recipient-1',
  words: '1 to 500 characters without spaces',
  none: 'The address must have 1 to 500 characters without spaces.',
};
const pushKind = (id: string): AddressKind => ({
  example: `${id}:device-1`,
  words: `\`${id}:<token>\``,
  none: `The address must be a token of a device: ${id}:<token>.`,
});

const TEXT_CHARS = 4_096;
/** SMS, and calls that read a text aloud. */
const SMS_CHARS = 1_600;

function kindOf(channel: Channel, id: string): AddressKind {
  if (channel === 'SMS' || channel === 'VOICE' || channel === 'WHATSAPP') return PHONE;
  if (channel === 'EMAIL') return MAIL;
  return channel === 'MOBILE_PUSH' ? pushKind(id) : TOKEN;
}

/** What the sources say of a provider. */
function viewOf({ id, name, identifier, channels, receipts }: NewProvider) {
  const [firstChannel] = channels;
  const kinds = [...new Set(channels.map((channel) => kindOf(channel, id)))];
  const address = kindOf(firstChannel, id).example;
  const phone = kinds.includes(PHONE);
  const mixed = kinds.length > 1;
  const maxTextChars = channels.includes('SMS') || channels.includes('VOICE') ? SMS_CHARS : TEXT_CHARS;
  return {
    id,
    name,
    identifier,
    receipts,
    firstChannel,
    mixed,
    phone,
    mail: kinds.includes(MAIL),
    push: firstChannel === 'MOBILE_PUSH',
    token: kinds.includes(TOKEN),
    textOnly: phone && !mixed,
    html: channels.includes('EMAIL'),
    address,
    to: firstChannel === 'MOBILE_PUSH' ? address.slice(id.length + 1) : address,
    channelWords: wordList(channels),
    channelList: channels.map((channel) => `'${channel}'`).join(', '),
    phoneCondition: channels
      .filter((channel) => kindOf(channel, id) === PHONE)
      .map((channel) => `channel === '${channel}'`)
      .join(' || '),
    noAddress: mixed ? 'The address is none of its channel.' : (kinds[0]?.none ?? ''),
    addressWords: kinds.map(({ words }) => words).join('; '),
    dataKey: id.includes('-') ? `["${id}"]` : `.${id}`,
    maxTextChars: String(maxTextChars).replace(/(\d)(\d{3})$/, '$1_$2'),
    maxTextWords: maxTextChars.toLocaleString('en'),
  };
}

const wordList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

async function render(source: string, view: object): Promise<string> {
  const text = await readFile(new URL(`files/${source}.hbs`, import.meta.url), 'utf8');
  return Handlebars.compile(text, { noEscape: true, strict: true })(view);
}

export interface GeneratedFile {
  readonly name: string;
  readonly content: string;
}

/** What goes into the provider's folder. Biome may break its lines otherwise, depending on the name's length. */
export async function providerFiles(provider: NewProvider): Promise<GeneratedFile[]> {
  const view = viewOf(provider);
  const names = [
    'provider.ts',
    'message-body.ts',
    'classify-answer.ts',
    ...(provider.receipts ? ['parse-receipts.ts'] : []),
    'conformance-fixture.ts',
    'provider.test.ts',
  ];
  return Promise.all(names.map(async (name) => ({ name, content: await render(name, view) })));
}

/** docs/providers.md with a section more. */
export async function withDocsSection(text: string, provider: NewProvider): Promise<string> {
  const { id, name } = provider;
  const heading = text.includes(`\n## ${name}\n`) ? `${name} (${id})` : name;
  const section = await render('docs-section.md', { ...viewOf(provider), heading });
  return `${text.trimEnd()}\n${section}`;
}
