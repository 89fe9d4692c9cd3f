/** What is wrong, or likely to be, with a template that is saved: more than that its sources can be read. */
import Handlebars from 'handlebars';
import { messageOf } from '../../../../platform/errors/message-of.ts';
import { contentSize } from '../../../../platform/message-size/content-size.ts';
import type { StoredContent } from '../../store/records.ts';
import { sourceProblem } from '../check-source.ts';
import { compileTemplate } from '../compile-template.ts';
import { SOURCE_PARTS, type SourcePart } from '../limits.ts';
import { NO_PARTIALS, type PartialSet, partialsProblem } from '../partial-set.ts';
import { sampleData } from '../sample-data.ts';
import { trialProblem } from '../try-source.ts';
import { type UnderWay, untold } from '../under-way.ts';
import { variablesProblem } from '../variables.ts';
import { brokenLinks } from './broken-links.ts';
import { declarationOf } from './declared-variables.ts';
import { usedVariables, type VariableUse } from './used-variables.ts';

export const LINT_RULES = [
  'source',
  'partials',
  'json-schema',
  'prototype-lookup',
  'line-break-in-subject',
  'html-size',
  'render',
  'size',
  'variable-undeclared',
  'variable-without-sample',
  'variable-unused',
  'object-as-text',
  'unescaped-html',
  'broken-link',
  'no-subject',
  'too-much-work',
] as const;
export type LintRule = (typeof LINT_RULES)[number];

export interface Finding {
  /** An ERROR fails, or would fail its messages; a WARNING is likely not meant. */
  readonly severity: 'ERROR' | 'WARNING';
  /** As in `Template`: `contents.2.html`, `variables`, `partials.footer`. */
  readonly field: string;
  readonly message: string;
  readonly rule: LintRule;
}

export interface LintedTemplate {
  readonly contents: readonly StoredContent[];
  /** JSON Schema, as an object. */
  readonly variables?: unknown;
  readonly partials?: PartialSet;
  /** Without it, what the schema's examples make. */
  readonly sample?: Readonly<Record<string, unknown>>;
  /** Of its package: the variable `package`. */
  readonly settings?: unknown;
}

/** Gmail cuts off what is behind. */
const CLIPPED_HTML_BYTES = 102 * 1024;
const MAX_HTML_BYTES = 1024 * 1024;
/** What a send gives besides `data`. */
const GIVEN = new Set(['user', 'notification']);

/** In the order of the fields. Pure. */
export function lint(template: LintedTemplate, under: UnderWay = untold): Finding[] {
  const { contents, partials = NO_PARTIALS } = template;
  const findings: Finding[] = [];
  const wrongPartials = partialsProblem(partials, under);
  if (wrongPartials)
    findings.push({
      severity: 'ERROR',
      field: wrongPartials.name === undefined ? 'partials' : `partials.${wrongPartials.name}`,
      message: wrongPartials.message,
      rule: 'partials',
    });
  under('variables');
  const wrongSchema = template.variables == null ? undefined : variablesProblem(template.variables);
  if (wrongSchema !== undefined)
    findings.push({ severity: 'ERROR', field: 'variables', message: wrongSchema, rule: 'json-schema' });
  if (findings.length > 0) return findings;

  const isInPackage = template.settings !== undefined;
  const given = isInPackage ? new Set([...GIVEN, 'package']) : GIVEN;
  const sample = {
    ...(template.sample ?? sampleData(template.variables)),
    ...(isInPackage && { package: template.settings }),
  };
  const uses: VariableUse[] = [];
  for (const [index, content] of contents.entries()) {
    const at = `contents.${index}`;
    under(at);
    const found = lintSources(at, content, partials);
    findings.push(...found.findings);
    if (!found.isReadable) continue;
    uses.push(...found.uses.map(({ use }) => use));
    findings.push(...lintUses(found.uses, template.variables, sample, given));
    const tried = lintTrial(at, content, partials, sample, under);
    findings.push(...tried);
    under(at);
    if (tried.length === 0) findings.push(...lintMade(at, content, partials, sample));
    if (content.channel === 'EMAIL' && !content.title?.trim())
      findings.push({
        severity: 'WARNING',
        field: `${at}.title`,
        message: 'An e-mail without a subject is often taken for spam: write a title.',
        rule: 'no-subject',
      });
  }
  return [...findings, ...unusedVariables(template.variables, uses)];
}

interface PlacedUse {
  readonly field: string;
  readonly use: VariableUse;
}

/**
 * What can be said of sources alone. @param at where the content is: `contents.2`.
 * @param partials passed `partialsProblem`.
 */
export function lintSources(
  at: string,
  content: Pick<StoredContent, SourcePart>,
  partials: PartialSet,
): {
  readonly findings: readonly Finding[];
  readonly uses: readonly PlacedUse[];
  readonly isReadable: boolean;
} {
  const findings: Finding[] = [];
  const uses: PlacedUse[] = [];
  let isReadable = true;
  for (const part of SOURCE_PARTS) {
    const source = content[part];
    if (source === undefined) continue;
    const field = `${at}.${part}`;
    const problem = sourceProblem(source, { partials });
    if (problem !== undefined) {
      findings.push({ severity: 'ERROR', field, message: problem, rule: 'source' });
      isReadable = false;
      continue;
    }
    findings.push(...lintSource(field, part, source));
    for (const use of usedVariables(source, partials)) {
      uses.push({ field, use });
      const hidden = use.path.find((step) => /^(?:constructor|__proto__|prototype)$/.test(step));
      if (hidden !== undefined)
        findings.push({
          severity: 'ERROR',
          field,
          message: `Line ${use.line}: "${hidden}" is nothing that data have; it would make no text.`,
          rule: 'prototype-lookup',
        });
    }
  }
  return { findings, uses, isReadable };
}

function lintSource(field: string, part: string, source: string): Finding[] {
  const findings: Finding[] = [];
  if (part === 'title' && /[\r\n]/.test(source.trim()))
    findings.push({
      severity: 'ERROR',
      field,
      message: 'A title is one line: take the line break out.',
      rule: 'line-break-in-subject',
    });
  if (part !== 'html') return findings;
  const bytes = Buffer.byteLength(source);
  if (bytes > MAX_HTML_BYTES)
    findings.push({
      severity: 'ERROR',
      field,
      message: `This html has ${bytes} bytes; at most ${MAX_HTML_BYTES} are sent.`,
      rule: 'html-size',
    });
  const raw = unescaped(source);
  if (raw)
    findings.push({
      severity: 'WARNING',
      field,
      message: `Line ${raw.line}: {{{${raw.written}}}} goes into the html as it is: who fills it can write tags of any kind. Write {{${raw.written}}}.`,
      rule: 'unescaped-html',
    });
  return findings;
}

/** The first expression that is not escaped. */
function unescaped(source: string): { line: number; written: string } | undefined {
  let found: { line: number; written: string } | undefined;
  class Raw extends Handlebars.Visitor {
    override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
      if (!mustache.escaped && !found)
        found = {
          line: mustache.loc.start.line,
          written: 'original' in mustache.path ? String(mustache.path.original) : '…',
        };
      super.MustacheStatement(mustache);
    }
  }
  new Raw().accept(Handlebars.parse(source));
  return found;
}

function lintUses(
  uses: readonly PlacedUse[],
  schema: unknown,
  sample: Readonly<Record<string, unknown>>,
  given: ReadonlySet<string>,
): Finding[] {
  const findings = new Map<string, Finding>();
  const hasSample = Object.keys(sample).some((name) => !given.has(name));
  for (const { field, use } of uses) {
    const { path, line, isWritten } = use;
    const [first] = path;
    if (first === undefined || given.has(first)) continue;
    const name = path.join('.').replaceAll('.*', '[]');
    const { isDeclared, isObject } = declarationOf(schema, path);
    const add = (rule: LintRule, message: string) => {
      const key = `${rule} ${field} ${name}`;
      if (!findings.has(key))
        findings.set(key, { severity: 'WARNING', field, message: `Line ${line}: ${message}`, rule });
    };
    if (!isDeclared) add('variable-undeclared', `the variables do not declare "${name}".`);
    else if (isObject && isWritten)
      add('object-as-text', `"${name}" is an object, which has no text: write one of its members.`);
    else if (hasSample && isWritten && !isIn(sample, path))
      add('variable-without-sample', `the sample data have no "${name}": its place was tried empty.`);
  }
  return [...findings.values()];
}

function isIn(value: unknown, path: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return value !== undefined;
  if (typeof value === 'string') return step === 'length';
  if (typeof value !== 'object' || value === null) return false;
  if (step === '*') return Object.values(value).some((member) => isIn(member, rest));
  if (Array.isArray(value) && step === 'length') return true;
  return Object.hasOwn(value, step) && isIn((value as Record<string, unknown>)[step], rest);
}

function lintTrial(
  at: string,
  content: StoredContent,
  partials: PartialSet,
  sample: Readonly<Record<string, unknown>>,
  under: UnderWay,
): Finding[] {
  return SOURCE_PARTS.flatMap((part): Finding[] => {
    const source = content[part];
    if (source !== undefined) under(`${at}.${part}`);
    const problem = source === undefined ? undefined : trialProblem(part, source, sample, partials);
    return problem === undefined
      ? []
      : [{ severity: 'ERROR', field: `${at}.${part}`, message: problem, rule: 'render' }];
  });
}

/** What the sample data make of it. */
function lintMade(
  at: string,
  content: StoredContent,
  partials: PartialSet,
  sample: Readonly<Record<string, unknown>>,
): Finding[] {
  const { channel } = content;
  const body = { name: at, channels: [channel], contents: [content] };
  let made: ReturnType<ReturnType<typeof compileTemplate>['render']>;
  try {
    made = compileTemplate(at, 0, body, partials).render(channel, content.locale, {
      ...sample,
      data: sample,
      user: {},
      notification: {},
    });
  } catch (error) {
    return [{ severity: 'ERROR', field: `${at}.body`, message: messageOf(error), rule: 'render' }];
  }
  const findings: Finding[] = [];
  const { characters, bytes, limit, fits } = contentSize(made);
  if (!fits && limit) {
    const [count, unit] = limit.unit === 'BYTES' ? [bytes, 'bytes'] : [characters, 'characters'];
    findings.push({
      severity: 'ERROR',
      field: `${at}.body`,
      message: `With the sample data it has ${count} ${unit}; ${channel} takes at most ${limit.most}. Make it shorter, or let it be cut with "oversize: TRUNCATE".`,
      rule: 'size',
    });
  }
  const htmlBytes = Buffer.byteLength(made.html ?? '');
  if (htmlBytes > CLIPPED_HTML_BYTES)
    findings.push({
      severity: 'WARNING',
      field: `${at}.html`,
      message: `With the sample data the html has ${htmlBytes} bytes; Gmail shows the first ${CLIPPED_HTML_BYTES}.`,
      rule: 'html-size',
    });
  for (const [part, text] of [
    ['body', made.body],
    ['html', made.html],
    ['url', made.url],
    ['imageUrl', made.imageUrl],
  ] as const)
    for (const { link, reason } of text === undefined ? [] : brokenLinks(part, text)) {
      // An address that is a variable may be missing from the sample data, which is told apart.
      if (link === '' && !/\b(?:href|src)\s*=\s*(?:"\s*"|'\s*')/i.test(content.html ?? '')) continue;
      if (NO_HOST.test(link) && /:\/\/\{\{/.test(content[part] ?? '')) continue;
      findings.push({
        severity: 'WARNING',
        field: `${at}.${part}`,
        message: `The link "${link}" ${reason}.`,
        rule: 'broken-link',
      });
    }
  return findings;
}

/** `https:///orders`, of `https://{{shop.host}}/orders`. */
const NO_HOST = /^https?:\/\/(?:[/:?#]|$)/i;

function unusedVariables(schema: unknown, uses: readonly VariableUse[]): Finding[] {
  const properties =
    typeof schema === 'object' && schema !== null && 'properties' in schema ? schema.properties : undefined;
  // Where the data are gone through as a whole, all of them may be used.
  if (typeof properties !== 'object' || properties === null || uses.some(({ path }) => path.length === 0))
    return [];
  const used = new Set(uses.map(({ path }) => path[0]));
  return Object.keys(properties).flatMap((name): Finding[] =>
    used.has(name)
      ? []
      : [
          {
            severity: 'WARNING',
            field: `variables.properties.${name}`,
            message: `No source uses the variable "${name}".`,
            rule: 'variable-unused',
          },
        ],
  );
}
