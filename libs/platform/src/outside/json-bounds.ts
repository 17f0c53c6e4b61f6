/** How much JSON a door takes. */
export interface JsonBounds {
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Values and keys, brackets counted once. */
  readonly tokens: number;
}

/**
 * What one document from outside may hold. `JSON.parse` takes up to 1.2 µs a token (nested lists, keys that are all
 * different), so the largest one holds the loop for about 30 ms; by its bytes alone, a megabyte could hold it for 300.
 */
export const DOCUMENT_BOUNDS: JsonBounds = { depth: 64, tokens: 40_000 };

export interface JsonExcess {
  readonly bound: keyof JsonBounds;
  readonly most: number;
  /** The place in the text, counted from 1. */
  readonly at: number;
}

/**
 * Looks at a JSON text before it is parsed: one pass, nothing kept, no recursion, and it stops at the first bound that
 * is passed. It does not judge whether the text is JSON; brackets and commas are what costs.
 */
export function excessOf(text: string, { depth, tokens }: JsonBounds): JsonExcess | undefined {
  let open = 0;
  let seen = 1;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      at = endOfString(text, at);
    } else if (char === LIST || char === OBJECT) {
      open += 1;
      seen += 1;
      if (open > depth) return { bound: 'depth', most: depth, at: at + 1 };
    } else if (char === LIST_END || char === OBJECT_END) {
      open -= 1;
    } else if (char === COMMA || char === COLON) {
      seen += 1;
    }
    if (seen > tokens) return { bound: 'tokens', most: tokens, at: at + 1 };
  }
  return undefined;
}

/** Goes on from what the caller names: "The body …". */
export const describeExcess = ({ bound, most, at }: JsonExcess): string =>
  bound === 'depth'
    ? `nests deeper than ${most} levels, at character ${at}`
    : `holds more than ${most} values and keys, at character ${at}`;

/** Where the string that begins at `start` ends; the text's end when it never does. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slash = quote - 1;
    while (text.charCodeAt(slash) === BACKSLASH) slash -= 1;
    if ((quote - slash) % 2 === 1) return quote;
  }
  return text.length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
