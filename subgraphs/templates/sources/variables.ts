/** A template's variables: a JSON Schema, compiled to a check of what a send gives. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { messageOf } from '../../../platform/errors/message-of.ts';
import { linearPattern } from './linear-pattern.ts';
import { schemaCostProblem } from './schema-cost.ts';

/** What `data` lacks or has wrong; `path` is relative to `data` (`order.id`), empty for `data` itself. */
export interface DataProblem {
  readonly path: string;
  readonly message: string;
}
export type DataCheck = (data: unknown) => DataProblem | undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with a template's `variables`; undefined when they are a JSON Schema that can be used. */
export function variablesProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return 'Variables are a JSON Schema: an object, for example {"required": ["name"]}.';
  if (schema.$async !== undefined) return 'The keyword $async is not available; remove it.';
  const tooMuch = schemaCostProblem(schema);
  if (tooMuch !== undefined) return tooMuch;
  try {
    const ajv = ajvFor(schema);
    if (ajv.validateSchema(schema) !== true)
      return `This is not a JSON Schema: ${ajv.errorsText(ajv.errors, { dataVar: 'variables' })}.`;
    // A schema that refers to itself without end shows at its first use.
    ajv.compile(schema)({});
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return 'The JSON Schema refers to itself without end.';
    return `This JSON Schema cannot be used: ${messageOf(error)}. Drafts 7 and 2020-12 are understood, without references to other documents.`;
  }
}

/** @param schema passed `variablesProblem`; undefined: any object will do. */
export function compileVariables(schema: unknown): DataCheck {
  const validate = isObject(schema) ? ajvFor(schema).compile(schema) : undefined;
  return (data) => {
    if (data !== undefined && data !== null && !isObject(data))
      return { path: '', message: "The template's variables must be an object." };
    if (!validate) return undefined;
    return check(validate, data ?? {});
  };
}

function check(validate: ValidateFunction, data: unknown): DataProblem | undefined {
  try {
    if (validate(data)) return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { path: '', message: 'The variables are nested too deeply.' };
    throw error;
  }
  const error = validate.errors?.[0];
  return error ? describe(error) : { path: '', message: 'The variables do not fit the template.' };
}

function describe(error: ErrorObject): DataProblem {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params = error.params as {
    missingProperty?: string;
    additionalProperty?: string;
    allowedValues?: unknown[];
  };
  if (error.keyword === 'required' && params.missingProperty !== undefined) {
    const path = [...at, params.missingProperty].join('.');
    return { path, message: `The template requires the variable "${path}".` };
  }
  if (error.keyword === 'additionalProperties' && params.additionalProperty !== undefined) {
    const path = [...at, params.additionalProperty].join('.');
    return { path, message: `The template has no variable "${path}".` };
  }
  const path = at.join('.');
  const allowed = params.allowedValues
    ? `: ${params.allowedValues.map((v) => JSON.stringify(v)).join(', ')}`
    : '';
  const what = path === '' ? "The template's variables" : `The variable "${path}"`;
  return { path, message: `${what} ${error.message ?? 'do not fit the template'}${allowed}.` };
}

/** An instance for each schema: Ajv keeps every schema that it has compiled, and refuses a second one of the same $id. */
function ajvFor(schema: Readonly<Record<string, unknown>>): Ajv {
  const Draft = typeof schema.$schema === 'string' && schema.$schema.includes('2020-12') ? Ajv2020 : Ajv;
  const ajv = new Draft({
    strict: false,
    logger: false,
    validateSchema: false,
    ownProperties: true,
    code: { regExp: linearPattern },
  });
  addFormats.default(ajv);
  return ajv;
}
