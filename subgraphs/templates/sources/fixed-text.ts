/** What of a source is in every message that it makes, whatever the variables are. */
import Handlebars from 'handlebars';

/**
 * The text outside of all expressions and blocks: a lower bound, for a block may make nothing.
 * @param source has been checked by `sourceProblem`.
 */
export function fixedText(source: string): string {
  const { body } = Handlebars.parse(source);
  return body.map((statement) => (isText(statement) ? statement.value : '')).join('');
}

const isText = (statement: hbs.AST.Statement): statement is hbs.AST.ContentStatement =>
  statement.type === 'ContentStatement';
