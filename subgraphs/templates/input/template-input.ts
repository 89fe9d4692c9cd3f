/** Checks what `saveTemplate` is given, and turns it into what is stored. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { jsonProblem } from '../../../platform/graphql/json-problem.ts';
import type { ContentActionInput, TemplateContentInput, TemplateInput } from '../generated/types.ts';
import { calledBy } from '../partials/reach-sources.ts';
import { sourceProblem } from '../sources/check-source.ts';
import {
  MAX_ACTIONS,
  MAX_CONTENTS,
  MAX_SEGMENTS,
  MAX_SOURCE_BYTES,
  MAX_TEMPLATE_BYTES,
  SOURCE_PARTS,
} from '../sources/limits.ts';
import { lintSources } from '../sources/lint/lint.ts';
import { isLocale, localeKey } from '../sources/locale.ts';
import { NO_PARTIALS, type PartialSet } from '../sources/partial-set.ts';
import { trialProblem } from '../sources/try-source.ts';
import { type UnderWay, untold } from '../sources/under-way.ts';
import { compileVariables, variablesProblem } from '../sources/variables.ts';
import type { StoredAction, StoredContent, TemplateBody } from '../store/records.ts';
import { sampleOf } from '../versions/lint-body.ts';
import { checkCategory, checkName, checkNewId } from './names.ts';

/**
 * The template to store. Trying hundreds of sources takes a while: for the process that compiles.
 * @param partials what its sources may call.
 * @throws HeraldError BAD_USER_INPUT naming the field (`input.contents.2.html`).
 */
export function templateBody(
  input: TemplateInput,
  partials: PartialSet = NO_PARTIALS,
  at: UnderWay = untold,
): TemplateBody {
  checkNewId('input.id', input.id);
  const name = checkName('input.name', input.name);
  const category = checkCategory('input.category', input.category);
  at('input.variables');
  const variables = checkVariables(input.variables);
  at('input.sample');
  const sample = checkSample(input.sample, input.variables);
  const tried = sampleOf({
    ...(variables !== undefined && { variables }),
    ...(sample !== undefined && { sample }),
  });
  const contents = checkContents(input.contents, tried, partials, at);
  const calls = calledBy(sourcesOf(contents));
  return {
    name,
    ...(category !== undefined && { category }),
    channels: [...new Set(contents.map((content) => content.channel))],
    ...(calls.length > 0 && { calls }),
    ...(variables !== undefined && { variables }),
    ...(sample !== undefined && { sample }),
    contents,
  };
}

function checkVariables(variables: unknown): string | undefined {
  if (variables === undefined || variables === null) return undefined;
  const problem = jsonProblem(variables) ?? variablesProblem(variables);
  if (problem !== undefined) throw badInput('input.variables', problem);
  return JSON.stringify(variables);
}

/** @param variables passed `checkVariables`. */
function checkSample(sample: unknown, variables: unknown): string | undefined {
  if (sample === undefined || sample === null) return undefined;
  const wrong = jsonProblem(sample);
  if (wrong !== undefined) throw badInput('input.sample', wrong);
  const problem = compileVariables(variables ?? undefined)(sample);
  if (problem)
    throw badInput(problem.path === '' ? 'input.sample' : `input.sample.${problem.path}`, problem.message);
  return JSON.stringify(sample);
}

function checkContents(
  contents: readonly TemplateContentInput[],
  sample: Readonly<Record<string, unknown>>,
  partials: PartialSet,
  under: UnderWay,
): StoredContent[] {
  if (contents.length === 0)
    throw badInput('input.contents', 'A template needs at least one content: a channel and its body.');
  if (contents.length > MAX_CONTENTS)
    throw badInput('input.contents', `A template has at most ${MAX_CONTENTS} contents.`);
  checkSizes(contents);
  const seen = new Map<string, number>();
  const stored: StoredContent[] = [];
  for (const [index, content] of contents.entries()) {
    const at = `input.contents.${index}`;
    stored.push(checkContent(at, content));
    const key = `${content.channel} ${localeKey(content.locale ?? undefined)}`;
    const first = seen.get(key);
    if (first !== undefined)
      throw badInput(
        at,
        `Contents ${first} and ${index} are for the same channel and locale (${content.channel}, ${content.locale ?? 'no locale'}); keep one.`,
      );
    seen.set(key, index);
    checkSyntax(at, content, sample, partials, under);
    under(at);
    refuseFindings(at, stored.at(-1), partials);
  }
  return stored;
}

function checkSizes(contents: readonly TemplateContentInput[]): void {
  let total = 0;
  for (const [index, content] of contents.entries())
    for (const part of SOURCE_PARTS) {
      const bytes = Buffer.byteLength(content[part] ?? '');
      if (bytes > MAX_SOURCE_BYTES[part])
        throw badInput(
          `input.contents.${index}.${part}`,
          `This source has ${bytes} bytes; at most ${MAX_SOURCE_BYTES[part]} are allowed.`,
        );
      total += bytes;
    }
  if (total > MAX_TEMPLATE_BYTES)
    throw badInput(
      'input.contents',
      `All sources together have ${total} bytes; at most ${MAX_TEMPLATE_BYTES} are allowed.`,
    );
}

function checkContent(at: string, content: TemplateContentInput): StoredContent {
  if (content.body.trim() === '' && (content.channel !== 'EMAIL' || !content.html?.trim()))
    throw badInput(
      `${at}.body`,
      'The body must not be empty, unless an e-mail has html, which its text is then made from.',
    );
  if (content.html != null && content.channel !== 'EMAIL')
    throw badInput(`${at}.html`, `Only EMAIL has html; ${content.channel} is sent as text.`);
  if (content.locale != null && !isLocale(content.locale))
    throw badInput(
      `${at}.locale`,
      `"${content.locale}" is not a language tag; write one like "en" or "pt-BR", or leave it out for the default.`,
    );
  checkMaxSegments(at, content);
  if (content.imageUrl != null && WITHOUT_PICTURES.has(content.channel))
    throw badInput(`${at}.imageUrl`, `A message by ${content.channel} has no picture of its own.`);
  checkActions(at, content);
  return {
    channel: content.channel,
    ...(content.locale != null && { locale: content.locale }),
    ...(content.title != null && { title: content.title }),
    body: content.body,
    ...(content.html != null && { html: content.html }),
    ...(content.url != null && { url: content.url }),
    ...(content.imageUrl != null && { imageUrl: content.imageUrl }),
    ...(content.actions && content.actions.length > 0 && { actions: content.actions.map(actionOf) }),
    ...(content.format === 'MARKDOWN' && { format: content.format }),
    ...(content.oversize === 'TRUNCATE' && { oversize: content.oversize }),
    ...(content.maxSegments != null && { maxSegments: content.maxSegments }),
  };
}

const WITHOUT_PICTURES: ReadonlySet<Channel> = new Set(['SMS', 'VOICE', 'EMAIL']);
const MAX_ACTION_BYTES = 8 * 1024;
const WITH_ACTIONS: ReadonlySet<Channel> = new Set(['IN_APP', 'WEB_PUSH', 'MOBILE_PUSH']);

const actionOf = ({ title, url }: ContentActionInput): StoredAction => ({ title, url });

function checkActions(at: string, { channel, actions }: TemplateContentInput): void {
  if (!actions || actions.length === 0) return;
  const field = `${at}.actions`;
  if (!WITH_ACTIONS.has(channel))
    throw badInput(field, `Only ${[...WITH_ACTIONS].join(', ')} have buttons; ${channel} has none.`);
  if (actions.length > MAX_ACTIONS)
    throw badInput(field, `At most ${MAX_ACTIONS} buttons; there are ${actions.length}.`);
  for (const [index, action] of actions.entries())
    for (const part of ['title', 'url'] as const) {
      if (action[part].trim() === '') throw badInput(`${field}.${index}.${part}`, 'Must not be empty.');
      const bytes = Buffer.byteLength(action[part]);
      if (bytes > MAX_ACTION_BYTES)
        throw badInput(
          `${field}.${index}.${part}`,
          `This source has ${bytes} bytes; at most ${MAX_ACTION_BYTES} are allowed.`,
        );
    }
}

/** Of what is found in its sources, what no template has a use for. */
function refuseFindings(at: string, content: StoredContent | undefined, partials: PartialSet): void {
  const findings = content ? lintSources(at, content, partials).findings : [];
  const refused = findings.find(({ severity }) => severity === 'ERROR');
  if (refused) throw badInput(refused.field, refused.message);
}

function checkMaxSegments(at: string, { channel, oversize, maxSegments }: TemplateContentInput): void {
  if (maxSegments == null) return;
  const field = `${at}.maxSegments`;
  if (channel !== 'SMS') throw badInput(field, `Only an SMS has segments; ${channel} has none.`);
  if (oversize !== 'TRUNCATE')
    throw badInput(
      field,
      'It says where an SMS is cut: write "oversize: TRUNCATE" with it, or leave it out.',
    );
  if (maxSegments < 1 || maxSegments > MAX_SEGMENTS)
    throw badInput(field, `It must be 1 to ${MAX_SEGMENTS}; it is ${maxSegments}.`);
}

function checkSyntax(
  at: string,
  content: TemplateContentInput,
  sample: Readonly<Record<string, unknown>>,
  partials: PartialSet,
  under: UnderWay,
): void {
  for (const part of SOURCE_PARTS) {
    const source = content[part];
    if (source == null) continue;
    under(`${at}.${part}`);
    const problem = sourceProblem(source, { partials });
    if (problem !== undefined) throw badInput(`${at}.${part}`, problem);
    const reason = trialProblem(part, source, sample, partials);
    if (reason !== undefined) throw badInput(`${at}.${part}`, reason);
  }
  for (const [index, action] of (content.actions ?? []).entries())
    for (const part of ['title', 'url'] as const) {
      under(`${at}.actions.${index}.${part}`);
      const problem =
        sourceProblem(action[part], { partials }) ?? trialProblem(part, action[part], sample, partials);
      if (problem !== undefined) throw badInput(`${at}.actions.${index}.${part}`, problem);
    }
}

/** All its sources. Pure. */
export const sourcesOf = (
  contents: readonly Readonly<Partial<Record<(typeof SOURCE_PARTS)[number], string | null>>>[],
): string[] => contents.flatMap((content) => SOURCE_PARTS.flatMap((part) => content[part] ?? []));
