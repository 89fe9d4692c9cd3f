/** From one version's sources to what the dispatcher renders with. */

import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { truncateContent } from '../../../platform/message-size/truncate-content.ts';
import type { CompiledTemplate, RenderedAction, RenderedContent } from '../contract.ts';
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
  readonly actions?: readonly { readonly title: CompiledSource; readonly url: CompiledSource }[];
}

interface Choice {
  readonly content: CompiledContent;
  /** Of dates and numbers. */
  readonly locale: string | undefined;
}
const MAX_CHOICES = 100;

interface Made {
  readonly content: RenderedContent;
  readonly field: string;
  readonly plain: string;
  readonly truncated: boolean;
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
  const what = `template "${id}" version ${version}`;
  /** By channel and the locale asked for: there are few, and each is asked for again and again. */
  const choices = new Map<Channel, Map<string | undefined, Choice>>();
  const choose = (channel: Channel, wanted: string | undefined): Choice => {
    const known = choices.get(channel)?.get(wanted);
    if (known) return known;
    const contents = byChannel.get(channel) ?? [];
    const content =
      contents[
        chooseLocale(
          contents.map((c) => c.source.locale),
          wanted,
        )
      ];
    if (!content) throw new Error(`Template "${id}" version ${version} has no content for ${channel}.`);
    const choice = { content, locale: readerLocale(content.source.locale, wanted) };
    const ofChannel = choices.get(channel) ?? new Map<string | undefined, Choice>();
    choices.set(channel, ofChannel);
    if (ofChannel.size < MAX_CHOICES) ofChannel.set(wanted, choice);
    return choice;
  };
  const make = (
    channel: Channel,
    wanted: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): Made => {
    const { content, locale } = choose(channel, wanted);
    return renderContent(content, variables, { locale, timeZone: timeZoneOf(variables) }, what);
  };
  return {
    id,
    name: body.name,
    version,
    ...(body.category !== undefined && { category: body.category }),
    channels: body.channels,
    dataProblem: compileVariables(body.variables === undefined ? undefined : JSON.parse(body.variables)),
    renderSourced(channel, locale, variables) {
      const { content, field, plain, truncated } = make(channel, locale, variables);
      return { ...content, field, plain, truncated };
    },
    render: (channel, locale, variables) => make(channel, locale, variables).content,
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
    ...(content.actions && {
      actions: content.actions.map(({ title, url }) => ({
        title: compileSource('title', title, partials),
        url: compileSource('url', url, partials),
      })),
    }),
    ...(content.format === 'MARKDOWN' && { markdown: compileMarkdown(content.body, partials) }),
  };
}

function renderPart(
  content: CompiledContent,
  part: SourcePart,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
): string | undefined {
  try {
    return content[part]?.(variables, reader);
  } catch (error) {
    throw renderError(part, content, what, error);
  }
}

const renderError = (part: SourcePart, content: CompiledContent, what: string, error: unknown): Error =>
  new Error(`The ${part} of ${what} for ${content.source.channel} cannot be rendered: ${messageOf(error)}.`, {
    cause: error,
  });

function renderActions(
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
): RenderedAction[] {
  try {
    return (content.actions ?? []).map(({ title, url }) => ({
      title: title(variables, reader),
      url: url(variables, reader),
    }));
  } catch (error) {
    throw renderError('url', content, what, error);
  }
}

function renderMarkdown(
  markdown: CompiledMarkdown,
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
  around: { readonly title?: string; readonly url?: string },
): FormattedBody {
  try {
    return markdownTo(content.source.channel, markdown(variables, reader), around);
  } catch (error) {
    throw renderError('body', content, what, error);
  }
}

/** Written at each send: no object is copied that need not be. */
function renderContent(
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  reader: Reader,
  what: string,
): Made {
  const { field, markdown, source } = content;
  const { channel, locale = DEFAULT_LOCALE, oversize, maxSegments } = source;
  const title = renderPart(content, 'title', variables, reader, what);
  const url = renderPart(content, 'url', variables, reader, what);
  const formatted =
    markdown &&
    renderMarkdown(markdown, content, variables, reader, what, {
      ...(title && { title }),
      ...(url && { url }),
    });
  const html = renderPart(content, 'html', variables, reader, what) ?? formatted?.html;
  // What is counted is what people read.
  const plain = formatted?.plain ?? renderPart(content, 'body', variables, reader, what) ?? '';
  const whole: { -readonly [K in keyof RenderedContent]: RenderedContent[K] } = {
    channel,
    locale,
    body: plain,
  };
  if (title) whole.title = title;
  if (html) whole.html = html;
  if (url) whole.url = url;
  const imageUrl = renderPart(content, 'imageUrl', variables, reader, what);
  if (imageUrl) whole.imageUrl = imageUrl;
  if (content.actions) whole.data = { actions: renderActions(content, variables, reader, what) };
  if (oversize === 'TRUNCATE') {
    const cut = truncateContent(whole, maxSegments);
    // A text that is cut goes without its format.
    if (cut.body !== plain) return { content: cut, field, plain: cut.body, truncated: true };
  }
  if (formatted) {
    whole.body = formatted.body;
    if (formatted.data) whole.data = { ...whole.data, ...formatted.data };
  }
  return { content: whole, field, plain, truncated: false };
}
