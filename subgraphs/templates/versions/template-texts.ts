/** A template as texts by name, so that two versions can be compared. Pure. */
import { SOURCE_PARTS } from '../sources/limits.ts';
import type { TemplateBody } from '../store/records.ts';

/** `name`, `variables`, `EMAIL.de.html`, `partials.footer` …: what is not there has no text. */
export function templateTexts(body: TemplateBody | undefined): Map<string, string> {
  const texts = new Map<string, string>();
  if (!body) return texts;
  texts.set('name', body.name);
  if (body.category !== undefined) texts.set('category', body.category);
  if (body.variables !== undefined) texts.set('variables', pretty(body.variables));
  if (body.sample !== undefined) texts.set('sample', pretty(body.sample));
  if (body.settings !== undefined) texts.set('package', pretty(body.settings));
  for (const content of body.contents) {
    const at = content.locale === undefined ? content.channel : `${content.channel}.${content.locale}`;
    for (const part of SOURCE_PARTS) {
      const source = content[part];
      if (source !== undefined) texts.set(`${at}.${part}`, source);
    }
    const { oversize, maxSegments, format, actions } = content;
    if (actions) texts.set(`${at}.actions`, actions.map(({ title, url }) => `${title}: ${url}`).join('\n'));
    if (format !== undefined) texts.set(`${at}.format`, format);
    if (oversize !== undefined)
      texts.set(
        `${at}.oversize`,
        maxSegments === undefined ? oversize : `${oversize} to ${maxSegments} segments`,
      );
  }
  for (const [name, source] of Object.entries(body.partials ?? {})) texts.set(`partials.${name}`, source);
  return texts;
}

const pretty = (json: string): string => JSON.stringify(JSON.parse(json), undefined, 2);
