import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../channels/registry.ts';
import { hasStoredAccounts, publishedDefinition } from './published-definition.ts';

const published = (id: string) => {
  const definition = PROVIDERS.find((one) => one.id === id);
  if (!definition) throw new Error(`no ${id}`);
  return publishedDefinition(definition);
};

describe('publishedDefinition', () => {
  it.each(PROVIDERS.filter(hasStoredAccounts).map((definition) => [definition.id, definition] as const))(
    '%s: its schema can be used, with a title for every field',
    (_id, definition) => {
      const { configSchema, channels } = publishedDefinition(definition);
      const schema = JSON.parse(configSchema) as {
        properties: Record<string, { title?: string; default?: unknown }>;
        required?: string[];
      };
      const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false, unicodeRegExp: false });
      addFormats.default(ajv);
      expect(ajv.compile(schema)(null)).toBe(false);
      expect(channels).toEqual(definition.channels);
      for (const [name, field] of Object.entries(schema.properties)) {
        expect(field.title, name).toBeTruthy();
        if (field.default !== undefined) expect(schema.required ?? []).not.toContain(name);
      }
    },
  );

  it('names the secrets, those within too, and what concerns the installation', () => {
    expect(published('twilio')).toMatchObject({
      secretFields: ['authToken', 'apiKeySecret'],
      installationFields: ['baseUrl'],
      installation: false,
    });
    expect(published('webhook')).toMatchObject({
      installationFields: ['allowedNetworks'],
      destinationFields: ['origins', 'allowedNetworks'],
    });
    expect(published('dingtalk').secretFields).toEqual(['appSecret', 'robots']);
    expect(published('smtp').secretFields).toEqual(['url', 'dkimPrivateKey', 'bounces']);
    expect(published('file').installation).toBe(true);
    expect(['twilio', 'smtp', 'smpp', 'telegram'].map((id) => published(id).receipts)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(PROVIDERS.filter((one) => !hasStoredAccounts(one)).map(({ id }) => id)).toEqual(['web-push']);
  });
});
