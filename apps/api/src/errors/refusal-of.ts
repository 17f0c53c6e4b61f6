import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { isDatabaseUnavailable, refusesData } from '#platform';
import { type Refusal, refusals } from './error-table.js';
import { isError } from './is-error.js';

/** How this error is answered, or nothing when it is our fault. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isError(error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && Object.hasOwn(refusals, code)) return refusals[code];
  if (error instanceof HttpException) return refusalOf(error.cause) ?? plainRefusal(error.getStatus());
  if (isDatabaseUnavailable(error)) return refusals.DATABASE_UNAVAILABLE;
  return refusesData(error) ? refusals.UNSTORABLE : undefined;
}

/** What Nest and Fastify refuse on their own, without a word of theirs: it may repeat the URL. */
const plainRefusal = (status: number): Refusal | undefined =>
  status < 500 ? { status, detail: STATUS_CODES[status] ?? 'Refused' } : undefined;
