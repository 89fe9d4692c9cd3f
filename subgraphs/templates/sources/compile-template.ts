/** From one version's sources to what the dispatcher renders with. */

import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { truncateContent } from '../../../platform/message-size/truncate-content.ts';
import type { CompiledTemplate, RenderedContent } from '../contract.ts';
import type { StoredContent, TemplateBody } from '../store/records.ts';
import { type CompiledSource, compileSource } from './compile-source.ts';
import { SOURCE_PARTS, type SourcePart } from './limits.ts';
import { chooseLocale, DEFAULT_LOCALE, readerLocale } from './locale.ts';
import { NO_PARTIALS, type PartialSet } from './partial-set.ts';
import type { Reader } from './render-run.ts';
import { compileVariables } from './variables.ts';

interface CompiledContent extends Readonly<Partial<Record<SourcePart, CompiledSource>>> {
  /** As in `Template.contents`: `contents.2`. */
  readonly field: string;
  readonly source: StoredContent;
}

/** A message in words, and what it was made from. */
export interface SourcedContent extends RenderedContent {
  /** As in `Template.contents`: `contents.2`. */
  readonly field: string;
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
      const { field: _field, truncated: _truncated, ...content } = renderSourced(channel, locale, variables);
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
  return { ...parts, field, source: content };
}

function renderContent(
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
): SourcedContent {
  const { channel, locale, oversize, maxSegments } = content.source;
  const text = (part: SourcePart): string | undefined => {
    const source = content[part];
    if (!source) return undefined;
    try {
      return source(variables, reader);
    } catch (error) {
      const reason = messageOf(error);
      throw new Error(`The ${part} of ${what} for ${channel} cannot be rendered: ${reason}.`, {
        cause: error,
      });
    }
  };
  const title = text('title');
  const html = text('html');
  const url = text('url');
  const whole = {
    channel,
    locale: locale ?? DEFAULT_LOCALE,
    ...(title && { title }),
    body: text('body') ?? '',
    ...(html && { html }),
    ...(url && { url }),
  };
  const body = oversize === 'TRUNCATE' ? truncateContent(whole, maxSegments).body : whole.body;
  return { ...whole, body, field: content.field, truncated: body !== whole.body };
}
