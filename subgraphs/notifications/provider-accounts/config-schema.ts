/** Checks an account's configuration against what its provider published. */
import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { AccountConfig } from './account-config.ts';
import type { ProviderDefinitionRecord } from './account-record.ts';

/** `path`: of the wrong field within the configuration, dots between names. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/**
 * What is wrong with a configuration; undefined when it fits. No value of it is in the message. What a schema cannot
 * say (fields that need each other) the dispatcher finds: see `ProviderAccountRecord.problem`.
 */
export function configProblem(
  config: AccountConfig,
  { configSchema, name }: Pick<ProviderDefinitionRecord, 'configSchema' | 'name'>,
): ConfigProblem | undefined {
  const schema = JSON.parse(configSchema) as { readonly properties?: Readonly<Record<string, unknown>> };
  const known = Object.keys(schema.properties ?? {});
  const unknown = Object.keys(config).find((field) => !known.includes(field));
  if (unknown !== undefined)
    return { path: unknown, message: `${name} has no such field; it has ${known.join(', ')}.` };
  // The schemas are the dispatchers' own: their patterns are as trusted as code.
  const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if (validate(config)) return undefined;
  const error = validate.errors?.[0];
  return error ? described(error) : { path: '', message: 'It does not fit.' };
}

function described({ instancePath, keyword, params, message }: ErrorObject): ConfigProblem {
  const at = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { missingProperty, allowedValues } = params as {
    missingProperty?: string;
    allowedValues?: readonly unknown[];
  };
  if (keyword === 'required' && missingProperty !== undefined)
    return { path: [...at, missingProperty].join('.'), message: 'It is required.' };
  const allowed = allowedValues ? `: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}` : '';
  return { path: at.join('.'), message: `It ${message ?? 'does not fit'}${allowed}.` };
}
