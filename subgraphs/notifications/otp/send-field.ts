/** A code's message is a send that its caller never saw: what is wrong with it is told of what they gave. Pure. */
import { HeraldError } from '../../../platform/errors/herald-error.ts';

const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^input\.to\.0\.(user|address)$/, 'input.to.$1'],
  [/^input\.(to\.0\.channel|channels(\.\d+)?)$/, 'input.channel'],
  [/^input\.(data|content)(\..*)?$/, 'input.template'],
  [/^input\.expiresAt$/, 'input.ttlSeconds'],
];

export function sendField(error: HeraldError): HeraldError {
  const { field, code, message } = error;
  const known = FIELDS.find(([pattern]) => field !== undefined && pattern.test(field));
  if (!known || field === undefined) return error;
  return new HeraldError(code, message, { field: field.replace(known[0], known[1]), cause: error });
}
