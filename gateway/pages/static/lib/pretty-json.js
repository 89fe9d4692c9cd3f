/**
 * JSON for people: a list or an object is broken into lines where its line would be longer than `longest`
 * characters, others are not.
 * @param {unknown} value
 * @param {number} longest
 * @returns {string}
 */
export const prettyJson = (value, longest) => broken(value, { indent: '', column: 0, longest });

/**
 * How many characters of code fit into a line there.
 * @param {Element} element in whose inner width a field of code stands, or the field itself
 */
export function columnsOf(element) {
  const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  // Padding and border of a field of code; a character of a monospaced font is 0.6 of its size wide.
  return Math.floor((element.clientWidth - 1.8 * remPx) / (0.6 * 0.8125 * remPx));
}

/** @param {unknown} value @param {{ indent: string, column: number, longest: number }} place */
function broken(value, { indent, column, longest }) {
  const line = onOneLine(value);
  if (typeof value !== 'object' || value === null || column + line.length <= longest) return line;
  const deeper = `${indent}  `;
  /** @param {string} name @param {unknown} member @returns {string} */
  const memberLine = (name, member) =>
    deeper + name + broken(member, { indent: deeper, column: deeper.length + name.length, longest });
  if (Array.isArray(value))
    return `[\n${value.map((member) => memberLine('', member)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([name, member]) =>
    memberLine(`${JSON.stringify(name)}: `, member),
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/** @param {unknown} value @returns {string} */
function onOneLine(value) {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${onOneLine(member)}`,
  );
  return members.length > 0 ? `{ ${members.join(', ')} }` : '{}';
}
