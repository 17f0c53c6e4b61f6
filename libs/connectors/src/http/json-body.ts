import { isUtf8 } from 'node:buffer';
import { InvalidResponse } from '../connector.errors.js';

export interface JsonBody {
  readonly json: unknown;
  /** The bytes were not valid UTF-8: broken characters were replaced by U+FFFD. */
  readonly lossy: boolean;
}

/** Reads a body as JSON, and says what it is instead when it is not; never quotes from it. */
export function parseJsonBody(what: string, contentType: string | undefined, body: Buffer): JsonBody {
  if (body.length === 0) return { json: null, lossy: false };
  const lossy = !isUtf8(body);
  const text = body.toString('utf8');
  try {
    return { json: JSON.parse(text), lossy };
  } catch (error) {
    throw new InvalidResponse(`${what} answered ${nature(contentType, text)} (${body.length} bytes)`, {
      cause: withoutContent(error),
    });
  }
}

function nature(contentType: string | undefined, text: string): string {
  if (contentType?.includes('html') || text.trimStart().startsWith('<')) return 'HTML instead of JSON';
  return 'JSON that is cut off or malformed';
}

/** V8 quotes the source in its message, and the source is other people's data. */
function withoutContent(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
