/** Reads Accept headers (RFC 9110, 12.5.1). */

export interface MediaRange {
  /** Lower case, for example `text/event-stream` or `text/*`. */
  readonly type: string;
  /** Names in lower case, values without their quotes; `q` is among them. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /^\s*([^\s=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))\s*$/;
/** What lies between separators that are not inside quotes. */
const splitAt = (separator: ',' | ';', text: string): readonly string[] =>
  text.match(separator === ',' ? /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g : /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];

/** The media ranges that are acceptable; those with `q=0` are not. Without a header everything is. */
export function acceptedRanges(accept: string | undefined): readonly MediaRange[] {
  const ranges = splitAt(',', accept?.trim() || '*/*').map((text): MediaRange => {
    const [type = '', ...parameters] = splitAt(';', text);
    return {
      type: type.trim().toLowerCase(),
      parameters: new Map(
        parameters.flatMap((parameter) => {
          const [, name, quoted, plain] = PARAMETER.exec(parameter) ?? [];
          return name === undefined
            ? []
            : [[name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '']];
        }),
      ),
    };
  });
  return ranges.filter(({ parameters }) => Number(parameters.get('q') ?? 1) > 0);
}

/** Whether an answer of type `type` (lower case, `a/b`) may be given. */
export const accepts = (accept: string | undefined, type: string): boolean =>
  acceptedRanges(accept).some(
    (range) => range.type === type || range.type === '*/*' || range.type === `${type.split('/', 1)[0]}/*`,
  );
