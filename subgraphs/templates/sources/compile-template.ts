/** From one version's sources to what the dispatcher renders with. */

import { messageOf } from '../../../platform/errors/message-of.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { CompiledTemplate, RenderedContent } from '../contract.ts';
import type { StoredContent, TemplateBody } from '../store/records.ts';
import { type CompiledSource, compileSource } from './compile-source.ts';
import { SOURCE_PARTS, type SourcePart } from './limits.ts';
import { chooseLocale, DEFAULT_LOCALE } from './locale.ts';
import { compileVariables } from './variables.ts';

type CompiledContent = Readonly<Partial<Record<SourcePart, CompiledSource>>> & { readonly locale?: string };

/** Pure; each source is compiled at its first render. */
export function compileTemplate(id: string, version: number, body: TemplateBody): CompiledTemplate {
  const byChannel = new Map<Channel, CompiledContent[]>();
  for (const content of body.contents) {
    const compiled = compileContent(content);
    const others = byChannel.get(content.channel);
    if (others) others.push(compiled);
    else byChannel.set(content.channel, [compiled]);
  }
  return {
    id,
    name: body.name,
    version,
    ...(body.category !== undefined && { category: body.category }),
    channels: body.channels,
    dataProblem: compileVariables(body.variables === undefined ? undefined : JSON.parse(body.variables)),
    render(channel, locale, variables) {
      const contents = byChannel.get(channel) ?? [];
      const content =
        contents[
          chooseLocale(
            contents.map((c) => c.locale),
            locale,
          )
        ];
      if (!content) throw new Error(`Template "${id}" version ${version} has no content for ${channel}.`);
      return renderContent(channel, content, variables, `template "${id}" version ${version}`);
    },
  };
}

function compileContent(content: StoredContent): CompiledContent {
  const parts: Partial<Record<SourcePart, CompiledSource>> = {};
  for (const part of SOURCE_PARTS) {
    const source = content[part];
    if (source !== undefined) parts[part] = compileSource(part, source);
  }
  return { ...parts, ...(content.locale !== undefined && { locale: content.locale }) };
}

function renderContent(
  channel: Channel,
  content: CompiledContent,
  variables: Readonly<Record<string, unknown>>,
  what: string,
): RenderedContent {
  const text = (part: SourcePart): string | undefined => {
    const source = content[part];
    if (!source) return undefined;
    try {
      return source(variables);
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
  return {
    channel,
    locale: content.locale ?? DEFAULT_LOCALE,
    ...(title && { title }),
    body: text('body') ?? '',
    ...(html && { html }),
    ...(url && { url }),
  };
}
