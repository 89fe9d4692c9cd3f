/** A version's body, ready to render. */
import { compileTemplate, type SourcedTemplate } from '../sources/compile-template.ts';
import type { TemplateBody } from '../store/records.ts';

/** With its partials, its compiled contents, and its package's settings as the variable `package`. */
export function compileBody(id: string, version: number, body: TemplateBody): SourcedTemplate {
  const { compiled, partials, settings } = body;
  const template = compileTemplate(id, version, { ...body, contents: compiled ?? body.contents }, partials);
  if (settings === undefined) return template;
  const known = { package: JSON.parse(settings) as unknown };
  return {
    ...template,
    render: (channel, locale, variables) => template.render(channel, locale, { ...variables, ...known }),
    renderSourced: (channel, locale, variables) =>
      template.renderSourced(channel, locale, { ...variables, ...known }),
  };
}

/** Characters of all sources that a version has in memory. Pure. */
export function sourceChars({ contents, compiled, partials }: TemplateBody): number {
  const own = (compiled ?? contents).map(
    (c) => c.body.length + (c.html?.length ?? 0) + (c.title?.length ?? 0) + (c.url?.length ?? 0),
  );
  const used = Object.values(partials ?? {}).map((source) => source.length);
  return [...own, ...used].reduce((sum, chars) => sum + chars, 0);
}
