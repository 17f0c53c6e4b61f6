import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition, Versions } from '#event-sourcing';
import { InvalidRequestError } from './invalid-request.error.js';

/** An identity's ETag: its stream version. */
export const etagOf = (version: number): string => `"${version}"`;

const TAG = /^(?:W\/)?"([\x21\x23-\x7e]*)"$/;

/**
 * The versions an If-Match or If-None-Match header names, `*` for any, or nothing when there is no header. Weak tags
 * count like strong ones: proxies that compress make them weak, and the version says the same either way. A tag that
 * is no version of ours is -1, which matches nothing.
 */
export function versionsIn(header: string | undefined, name: string): Versions | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  if (header.trim() === '*') return '*';
  return header.split(',').map((tag) => {
    const [, text] = TAG.exec(tag.trim()) ?? [];
    if (text === undefined) throw new InvalidRequestError('header', [{ path: [name], message: EXPECTED }]);
    return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : -1;
  });
}

const EXPECTED = 'expected "*" or ETags in double quotes, such as "3"';

/** What a request wants to be true of the identity that it reads or changes; nothing when it does not say. */
export function preconditionOf(headers: IncomingHttpHeaders): Precondition | undefined {
  const is = versionsIn(headers['if-match'], 'If-Match');
  const isNot = versionsIn(headers['if-none-match'], 'If-None-Match');
  return is === undefined && isNot === undefined ? undefined : { is, isNot };
}
