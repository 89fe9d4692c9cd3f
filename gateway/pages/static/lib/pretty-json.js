/** Lists and objects that fit into so many characters stay on one line. */
const ONE_LINE = 36;

/** JSON for people: broken into lines only where it is long. @param {unknown} value @returns {string} */
export const prettyJson = (value) => broken(value, '');

/** @param {unknown} value @param {string} indent @returns {string} */
function broken(value, indent) {
  const line = onOneLine(value);
  if (typeof value !== 'object' || value === null || line.length <= ONE_LINE) return line;
  const deeper = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((member) => deeper + broken(member, deeper)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${deeper}${JSON.stringify(name)}: ${broken(member, deeper)}`,
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
