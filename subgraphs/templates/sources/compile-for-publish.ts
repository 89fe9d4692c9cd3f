/** What of a draft is made once, when it is published, and not at each send. */
import type { StoredContent } from '../store/records.ts';
import { sourceProblem } from './check-source.ts';
import { compileHtml } from './email/compile-html.ts';
import { plainTwin } from './email/plain-twin.ts';
import { isStackOverflow, TOO_DEEP } from './email/too-deep.ts';
import { WriteOutProblem } from './email/write-out-partials.ts';
import { NO_PARTIALS, type PartialSet } from './partial-set.ts';
import { type UnderWay, untold } from './under-way.ts';

export interface CompileProblem {
  /** As in `Template.contents`: `contents.2.html`. */
  readonly field: string;
  readonly message: string;
}

export interface CompiledContents {
  /** With the html of e-mails compiled, and a body from it where there was none. As given where there are problems. */
  readonly contents: readonly StoredContent[];
  readonly problems: readonly CompileProblem[];
}

/**
 * May go on without end on hostile sources: for the process that compiles, and for sources that are one's own.
 * @param contents have been checked when they were saved; a blank body is one that the html is to make.
 * @param partials passed `partialsProblem`.
 */
export async function compileForPublish(
  contents: readonly StoredContent[],
  partials: PartialSet = NO_PARTIALS,
  at: UnderWay = untold,
): Promise<CompiledContents> {
  const problems: CompileProblem[] = [];
  const compiled: StoredContent[] = [];
  for (const [index, content] of contents.entries()) {
    if (content.html === undefined) {
      compiled.push(content);
      continue;
    }
    at(`contents.${index}.html`);
    const made = await compileHtml(content.html, partials);
    if ('problem' in made) {
      problems.push({ field: `contents.${index}.html`, message: made.problem });
      compiled.push(content);
      continue;
    }
    const withHtml = { ...content, html: made.html };
    if (content.body.trim() !== '') {
      compiled.push(withHtml);
      continue;
    }
    at(`contents.${index}.body`);
    const twin = twinOf(made.html, partials);
    if ('problem' in twin)
      problems.push({
        field: `contents.${index}.body`,
        message: `The html cannot be made to text: write a body. ${twin.problem}`,
      });
    compiled.push('problem' in twin ? content : { ...withHtml, body: twin.body });
  }
  return { contents: problems.length > 0 ? contents : compiled, problems };
}

function twinOf(
  html: string,
  partials: PartialSet,
): { readonly body: string } | { readonly problem: string } {
  try {
    const body = plainTwin(html, partials);
    const problem = sourceProblem(body, { partials });
    return problem === undefined ? { body } : { problem };
  } catch (error) {
    if (error instanceof WriteOutProblem) return { problem: error.message };
    if (isStackOverflow(error)) return { problem: TOO_DEEP };
    throw error;
  }
}
