/**
 * JSON for people: a list or an object that is longer than `longest` characters is broken into lines, others are not.
 * @param {unknown} value
 * @param {number} [longest]
 * @returns {string}
 */
export const prettyJson = (value, longest = 64) => broken(value, '', longest);

/** @param {unknown} value @param {string} indent @param {number} longest @returns {string} */
function broken(value, indent, longest) {
  const line = onOneLine(value);
  if (typeof value !== 'object' || value === null || line.length <= longest) return line;
  const deeper = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((member) => deeper + broken(member, deeper, longest)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${deeper}${JSON.stringify(name)}: ${broken(member, deeper, longest)}`,
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
