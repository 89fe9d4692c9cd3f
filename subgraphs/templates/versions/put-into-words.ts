/** A template in words, to be looked at or tested: with all that may be wrong with its data. */
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { SourcedContent } from '../sources/compile-template.ts';
import type { UnderWay } from '../sources/under-way.ts';
import type { TemplateBody } from '../store/records.ts';
import { compileBody } from './compile-body.ts';
import { sampleOf } from './lint-body.ts';

/** Which words. */
export interface Wanted {
  readonly id: string;
  readonly version: number;
  readonly channels: readonly Channel[];
  readonly locale?: string;
  readonly data: unknown;
  /** Takes the template's sample where `data` says nothing. */
  readonly sample: boolean;
  /** As the variables of these names. */
  readonly user: Readonly<Record<string, unknown>>;
  readonly notification: Readonly<Record<string, unknown>>;
}

/**
 * One content for each channel. For the process that compiles: it compiles all that it renders.
 * @throws HeraldError BAD_USER_INPUT naming `data`, or what is missing or wrong in it (`data.order.id`).
 */
export function putIntoWords(body: TemplateBody, wanted: Wanted, at: UnderWay): SourcedContent[] {
  const { id, version, channels, locale, user, notification } = wanted;
  at('data');
  const template = compileBody(id, version, body);
  const isObject = typeof wanted.data === 'object' && wanted.data !== null && !Array.isArray(wanted.data);
  const data: unknown = wanted.sample && isObject ? { ...sampleOf(body), ...wanted.data } : wanted.data;
  const problem = template.dataProblem(data);
  if (problem) throw badInput(problem.path === '' ? 'data' : `data.${problem.path}`, problem.message);
  // dataProblem has seen that it is an object.
  const variables = { ...(data as object), data, user, notification };
  return channels.map((channel) => {
    at('data');
    try {
      return template.renderSourced(channel, locale, variables);
    } catch (error) {
      throw new HeraldError('BAD_USER_INPUT', messageOf(error), { field: 'data', cause: error });
    }
  });
}
