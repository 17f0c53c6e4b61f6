import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition, Versions } from '#event-sourcing';
import { InvalidRequestError } from './invalid-request.error.js';

/** An identity's ETag: its stream version. */
export const etagOf = (version: number): string => `"${version}"`;

/** What a request wants to be true of the identity that it reads or changes; nothing when it does not say. */
export function preconditionOf(headers: IncomingHttpHeaders): Precondition | undefined {
  const is = versionsIn('If-Match', headers['if-match']);
  const isNot = versionsIn('If-None-Match', headers['if-none-match']);
  return is === undefined && isNot === undefined ? undefined : { is, isNot };
}

/**
 * The versions that a header names, `*` for any, or nothing when there is no header or it is empty. A tag that is no
 * version of ours is -1, which matches nothing; so is a weak one in If-Match, which compares strongly (RFC 9110, 13.1.1).
 */
export function versionsIn(
  name: 'If-Match' | 'If-None-Match',
  header: string | undefined,
): Versions | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  if (text === '*') return '*';
  if (!TAGS.test(text)) throw new InvalidRequestError('header', [{ path: [name], message: EXPECTED }]);
  return [...text.matchAll(TAG)].map(([, weak, tag = '']) =>
    (weak && name === 'If-Match') || !/^[1-9]\d{0,14}$/.test(tag) ? NO_VERSION : Number(tag),
  );
}

const NO_VERSION = -1;
const EXPECTED = 'expected "*" or ETags in double quotes, such as "3"';

/** An entity-tag (RFC 9110, 8.8.3): a comma may stand in it, and so may bytes beyond ASCII. */
const ONE = String.raw`(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"`;
const TAG = new RegExp(ONE, 'g');
/** A list of them, in which elements may be empty (5.6.1.2), but not all of them. */
const TAGS = new RegExp(`^(?:[ \\t]*,)*[ \\t]*${ONE}(?:[ \\t]*,(?:[ \\t]*${ONE})?)*[ \\t]*$`);
