import { endOfString } from './json-bounds.js';

/** A stretch of a JSON text that is parsed at once: whole members of a list or object, or one value. */
export interface Piece {
  /** Where it ends, before the comma or bracket that follows. */
  readonly end: number;
  readonly tokens: number;
}

/** What is parsed at once takes some milliseconds at worst. */
const PIECE_TOKENS = 4_000;
const PIECE_LENGTH = 262_144;

/**
 * As many whole members as make a piece, from `start` on; undefined when the first of them is larger than that. Ends at
 * the bracket that closes what they are members of, or at the text's end when nothing does.
 */
export function pieceFrom(text: string, start: number): Piece | undefined {
  let [open, tokens, whole]: [number, number, Piece | undefined] = [0, 1, undefined];
  for (let at = start; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    else if (isOpening(char)) open += 1;
    else if (isClosing(char) && open-- === 0) return { end: at, tokens };
    else if (char === COMMA && open === 0) whole = { end: at, tokens };
    if (isOpening(char) || char === COMMA || char === COLON) tokens += 1;
    if (tokens > PIECE_TOKENS || at - start > PIECE_LENGTH) return whole;
  }
  return { end: text.length, tokens };
}

/** One member that is no list or object, nor holds one: with its key, in an object. */
export function scalarFrom(text: string, start: number): Piece | undefined {
  for (let at = start; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    else if (isOpening(char)) return undefined;
    else if (isClosing(char) || char === COMMA) return { end: at, tokens: 2 };
  }
  return { end: text.length, tokens: 2 };
}

export function skipBlank(text: string, start: number): number {
  let at = start;
  while (BLANKS.has(text.charCodeAt(at))) at += 1;
  return at;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const isOpening = (char: number): boolean => char === 0x5b || char === 0x7b;
const isClosing = (char: number): boolean => char === 0x5d || char === 0x7d;
