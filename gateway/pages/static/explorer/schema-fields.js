/** The fields that operations start with, found by introspection. */

const TYPE = 'kind name ofType { kind name ofType { kind name ofType { kind name } } }';
export const ROOT_FIELDS = `query RootFields {
  __schema {
    queryType { ...Root } mutationType { ...Root } subscriptionType { ...Root }
  }
}
fragment Root on __Type {
  name
  fields { name description args { name defaultValue type { ...Named } } type { ...Named fields { name args { name } type { ...Named } } ofType { fields { name args { name } type { ...Named } } ofType { ofType { fields { name args { name } type { ...Named } } } } } } }
}
fragment Named on __Type { ${TYPE} }`;

/**
 * @typedef {{ kind: string, name: string | null, ofType?: TypeRef | null, fields?: { name: string, args: unknown[], type: TypeRef }[] | null }} TypeRef
 * @typedef {{ name: string, defaultValue: string | null, type: TypeRef }} Argument
 * @typedef {{ name: string, description: string | null, args: Argument[], type: TypeRef }} Field
 * @typedef {{ name: string, fields: Field[] }} Root
 */

/** For example `[ID!]!`. @param {TypeRef} type @returns {string} */
export function typeName(type) {
  const inner = type.ofType ? typeName(type.ofType) : '';
  return type.kind === 'NON_NULL' ? `${inner}!` : type.kind === 'LIST' ? `[${inner}]` : (type.name ?? '');
}

/** An operation that calls the field: its arguments as variables, its plain fields selected. @param {string} kind @param {Field} field */
export function operationFor(kind, { name, args, type }) {
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  const declared =
    args.length > 0
      ? `(${args.map((arg) => `$${arg.name}: ${typeName(arg.type)}${arg.defaultValue === null ? '' : ` = ${arg.defaultValue}`}`).join(', ')})`
      : '';
  const passed = args.length > 0 ? `(${args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')})` : '';
  return `${kind} ${title}${declared} {\n  ${name}${passed}${selection(type)}\n}\n`;
}

/** @param {TypeRef} type */
function selection(type) {
  /** @type {TypeRef | null | undefined} */
  let named = type;
  while (named && !named.fields && named.ofType) named = named.ofType;
  if (!named?.fields) return '';
  const plain = named.fields.filter(
    (field) => field.args.length === 0 && /^(SCALAR|ENUM)$/.test(base(field.type).kind),
  );
  const names = plain.map((field) => field.name);
  return ` {\n    ${(names.length > 0 ? names : ['__typename']).join('\n    ')}\n  }`;
}

/** @param {TypeRef} type @returns {TypeRef} */
const base = (type) => (type.ofType ? base(type.ofType) : type);
