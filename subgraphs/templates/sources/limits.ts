/** How large sources and what they render to may be. */

/** Parts of one content that are Handlebars sources. */
export const SOURCE_PARTS = ['title', 'body', 'html', 'url', 'imageUrl'] as const;
export type SourcePart = (typeof SOURCE_PARTS)[number];

/** Longest source, in bytes of UTF-8. */
export const MAX_SOURCE_BYTES: Readonly<Record<SourcePart, number>> = {
  title: 64 * 1024,
  body: 64 * 1024,
  html: 512 * 1024,
  url: 64 * 1024,
  imageUrl: 64 * 1024,
};

/** All sources of one template together, in bytes of UTF-8: a draft and a published version fit one document of 16 MB. */
export const MAX_TEMPLATE_BYTES = 4 * 1024 * 1024;
export const MAX_CONTENTS = 200;
/** Buttons of a content: browsers show two or three. */
export const MAX_ACTIONS = 3;

/** Most segments that a content may ask its SMS to be cut to. */
export const MAX_SEGMENTS = 10;

/** Longest rendered text, in UTF-16 units. */
export const MAX_OUTPUT_CHARS: Readonly<Record<SourcePart, number>> = {
  title: 2_000,
  body: 256 * 1024,
  html: 2 * 1024 * 1024,
  url: 8_000,
  imageUrl: 8_000,
};

/** Times that the blocks of all loops of one source may run in one render. */
export const MAX_LOOP_ITERATIONS = 50_000;

/** Times that one render may call partials. */
export const MAX_PARTIAL_CALLS = 5_000;
/** How long one source may take: it holds up its process as long. */
export const MAX_RENDER_MS = 2_000;
/** Of checking and compiling, which a process of its own does. */
export const COMPILE_LIMITS = {
  /** A process that starts, on a busy machine. */
  startMs: 60_000,
  /** Of one source: an html, its text. */
  stepMs: 5_000,
  /** Of one template. */
  taskMs: 60_000,
  /** Of its heap, with the libraries that it has loaded. */
  memoryMb: 256,
  /** It goes when nothing was compiled for so long, and all that it has loaded with it. */
  idleMs: 60_000,
  /** Some pages of templates with their findings. */
  maxWaiting: 500,
} as const;

/** Of the partials of one template. */
export const MAX_PARTIALS = 200;

/** Of one source: parsing costs its length times its depth, compiling the square of its blocks. */
export const MAX_BLOCKS = 1_000;
export const MAX_EXPRESSIONS = 5_000;
export const MAX_DEPTH = 50;
/** Separators in all paths of one expression together. */
export const MAX_PATH_PARTS = 100;
