/** From one version's sources to what the dispatcher renders with. */

import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { truncateContent } from '../../../platform/message-size/truncate-content.ts';
import type { CompiledTemplate, RenderedContent } from '../contract.ts';
import type { StoredContent, TemplateBody } from '../store/records.ts';
import {
  type CompiledMarkdown,
  type CompiledSource,
  compileMarkdown,
  compileSource,
} from './compile-source.ts';
import { SOURCE_PARTS, type SourcePart } from './limits.ts';
import { chooseLocale, DEFAULT_LOCALE, readerLocale } from './locale.ts';
import { type FormattedBody, markdownTo } from './markdown/markdown-to.ts';
import { NO_PARTIALS, type PartialSet } from './partial-set.ts';
import type { Reader } from './render-run.ts';
import { compileVariables } from './variables.ts';

interface CompiledContent extends Readonly<Partial<Record<SourcePart, CompiledSource>>> {
  /** As in `Template.contents`: `contents.2`. */
  readonly field: string;
  readonly source: StoredContent;
  /** In the place of the body, where that is Markdown. */
  readonly markdown?: CompiledMarkdown;
}

/** A message in words, and what it was made from. */
export interface SourcedContent extends RenderedContent {
  /** As in `Template.contents`: `contents.2`. */
  readonly field: string;
  /** The body without any format, which is what counts. */
  readonly plain: string;
  /** Whether the end of its body was left out. */
  readonly truncated: boolean;
}

/** A template that also says which of its contents a message is from. */
export interface SourcedTemplate extends CompiledTemplate {
  /** As `render`. */
  renderSourced(...args: Parameters<CompiledTemplate['render']>): SourcedContent;
}

/**
 * Pure; each source is compiled at its first render.
 * @param partials what its sources may call; passed `partialsProblem`.
 */
export function compileTemplate(
  id: string,
  version: number,
  body: TemplateBody,
  partials: PartialSet = NO_PARTIALS,
): SourcedTemplate {
  const byChannel = new Map<Channel, CompiledContent[]>();
  for (const [index, content] of body.contents.entries()) {
    const compiled = compileContent(content, `contents.${index}`, partials);
    const others = byChannel.get(content.channel);
    if (others) others.push(compiled);
    else byChannel.set(content.channel, [compiled]);
  }
  const renderSourced: SourcedTemplate['renderSourced'] = (channel, locale, variables) => {
    const contents = byChannel.get(channel) ?? [];
    const at = chooseLocale(
      contents.map((c) => c.source.locale),
      locale,
    );
    const content = contents[at];
    if (!content) throw new Error(`Template "${id}" version ${version} has no content for ${channel}.`);
    const reader = { locale: readerLocale(content.source.locale, locale), timeZone: timeZoneOf(variables) };
    return renderContent(content, variables, reader, `template "${id}" version ${version}`);
  };
  return {
    id,
    name: body.name,
    version,
    ...(body.category !== undefined && { category: body.category }),
    channels: body.channels,
    dataProblem: compileVariables(body.variables === undefined ? undefined : JSON.parse(body.variables)),
    renderSourced,
    render(channel, locale, variables) {
      const {
        field: _field,
        plain: _plain,
        truncated: _truncated,
        ...content
      } = renderSourced(channel, locale, variables);
      return content;
    },
  };
}

/** The recipient's, where there is one. */
function timeZoneOf({ user }: Readonly<Record<string, unknown>>): string | undefined {
  const zone = typeof user === 'object' && user !== null && 'timezone' in user ? user.timezone : undefined;
  return typeof zone === 'string' ? zone : undefined;
}

function compileContent(content: StoredContent, field: string, partials: PartialSet): CompiledContent {
  const parts: Partial<Record<SourcePart, CompiledSource>> = {};
  for (const part of SOURCE_PARTS) {
    const source = content[part];
    if (source !== undefined) parts[part] = compileSource(part, source, partials);
  }
  return {
    ...parts,
    field,
    source: content,
    ...(content.format === 'MARKDOWN' && { markdown: compileMarkdown(content.body, partials) }),
  };
}

function renderContent(
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
): SourcedContent {
  const { channel, locale, oversize, maxSegments } = content.source;
  const tried = <T>(part: SourcePart, make: () => T): T => {
    try {
      return make();
    } catch (error) {
      const reason = messageOf(error);
      throw new Error(`The ${part} of ${what} for ${channel} cannot be rendered: ${reason}.`, {
        cause: error,
      });
    }
  };
  const text = (part: SourcePart): string | undefined => {
    const source = content[part];
    return source && tried(part, () => source(variables, reader));
  };
  const title = text('title');
  const url = text('url');
  const { markdown } = content;
  const formatted = markdown && tried('body', () => markdown(variables, reader));
  const made: FormattedBody | undefined =
    formatted && markdownTo(channel, formatted, { ...(title && { title }), ...(url && { url }) });
  const html = text('html') ?? made?.html;
  // What is counted is what people read.
  const plain = made?.plain ?? text('body') ?? '';
  const whole = {
    channel,
    locale: locale ?? DEFAULT_LOCALE,
    ...(title && { title }),
    body: plain,
    ...(html && { html }),
    ...(url && { url }),
  };
  const body = oversize === 'TRUNCATE' ? truncateContent(whole, maxSegments).body : plain;
  const source = { field: content.field, plain: body, truncated: body !== plain };
  // A text that is cut goes without its format.
  if (!made || source.truncated) return { ...whole, body, ...source };
  return { ...whole, body: made.body, ...(made.data && { data: made.data }), ...source };
}
