/** A code's message is a send that its caller never saw: what is wrong with it is told of what they gave. Pure. */
import { HeraldError } from '../../../platform/errors/herald-error.ts';

const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^input\.to\.\d+\.(user|address)$/, 'input.to.$1'],
  [/^input\.(to\.\d+\.channel|channels(\.\d+)?)$/, 'input.channel'],
  [/^input\.(data|content)(\..*)?$/, 'input.template'],
  [/^input\.expiresAt$/, 'input.ttlSeconds'],
];

export function sendField(error: HeraldError): HeraldError {
  const { field, code, message } = error;
  if (field === undefined) return error;
  const own = ownField(field);
  return own === field ? error : new HeraldError(code, message, { field: own, cause: error });
}

function ownField(field: string): string {
  // The first step of the chain is the request's own channel.
  const step = /^input\.fallback\.(\d+)\.channels/.exec(field)?.[1];
  if (step !== undefined)
    return step === '0' ? 'input.channel' : `input.fallback.${Number(step) - 1}.channel`;
  const known = FIELDS.find(([pattern]) => pattern.test(field));
  return known ? field.replace(known[0], known[1]) : field;
}
