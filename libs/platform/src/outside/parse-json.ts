import { DOCUMENT_BOUNDS, describeExcess, excessOf, type JsonBounds } from './json-bounds.js';

/**
 * A text that is no JSON we take. The message says what is wrong and goes on from what the caller names ("The body …");
 * it never quotes the text, as V8's own does.
 */
export class OutsideJsonError extends Error {
  override readonly name = 'OutsideJsonError';
  readonly code = 'OUTSIDE_JSON';
  constructor(
    readonly fault: 'syntax' | 'length' | 'keys' | keyof JsonBounds,
    message: string,
  ) {
    super(message);
  }
}

/** Parses JSON that came from outside. @throws OutsideJsonError before anything is parsed that would hold the loop */
export function parseOutsideJson(text: string, bounds: JsonBounds = DOCUMENT_BOUNDS): unknown {
  const excess = excessOf(text, bounds);
  if (excess) throw new OutsideJsonError(excess.bound, describeExcess(excess));
  try {
    return JSON.parse(text);
  } catch {
    throw new OutsideJsonError('syntax', 'is not JSON');
  }
}

/** The same, where what is not JSON is something else by right; what is too much is still refused. */
export function jsonIn(
  text: string,
  bounds: JsonBounds = DOCUMENT_BOUNDS,
): { readonly json: unknown } | null {
  try {
    return { json: parseOutsideJson(text, bounds) };
  } catch (error) {
    if (error instanceof OutsideJsonError && error.fault === 'syntax') return null;
    throw error;
  }
}
