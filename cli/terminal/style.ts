/** Colours, where somebody looks at a terminal. */
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
}

/** @param colours false leaves every text as it is. */
export function style(colours: boolean): Style {
  const as = (format: Format) => (text: string) =>
    colours && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: as('bold'),
    dim: as('dim'),
    green: as('green'),
    yellow: as('yellow'),
    red: as('red'),
    cyan: as('cyan'),
  };
}

/**
 * Whether to write colours to a stream: to a terminal, unless NO_COLOR says otherwise (https://no-color.org).
 */
export const wantsColours = (
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean => stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
