import { isUtf8 } from 'node:buffer';
import { OutsideJsonError, parseJsonInTurns } from '#platform';
import { InvalidResponse } from '../../port/connector.errors.js';

export interface JsonBody {
  readonly json: unknown;
  /** The bytes were not valid UTF-8: broken characters were replaced by U+FFFD. */
  readonly lossy: boolean;
}

/** Reads a body as JSON, and says what it is instead when it is not; never quotes from it. */
export async function parseJsonBody(
  what: string,
  contentType: string | undefined,
  body: Buffer,
): Promise<JsonBody> {
  if (body.length === 0) return { json: null, lossy: false };
  const lossy = !isUtf8(body);
  const text = body.toString('utf8');
  try {
    return { json: await parseJsonInTurns(text), lossy };
  } catch (error) {
    if (!(error instanceof OutsideJsonError)) throw error;
    const told = error.fault === 'syntax' ? nature(contentType, text) : `JSON that ${error.message}`;
    throw new InvalidResponse(`${what} answered ${told} (${body.length} bytes)`, { cause: error.name });
  }
}

function nature(contentType: string | undefined, text: string): string {
  if (contentType?.includes('html') || text.trimStart().startsWith('<')) return 'HTML instead of JSON';
  return 'JSON that is cut off or malformed';
}
