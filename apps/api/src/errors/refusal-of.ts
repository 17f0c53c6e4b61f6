import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { type Refusal, refusals } from './error-table.js';
import { isError } from './is-error.js';

/** pg's pool reports a timeout, and pg a lost connection, without a code. */
const CONNECTION_LOST =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** How this error is answered, or nothing when it is our fault. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isError(error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && Object.hasOwn(refusals, code)) return refusals[code];
  if (error instanceof HttpException) return refusalOf(error.cause) ?? plainRefusal(error.getStatus());
  return CONNECTION_LOST.test(error.message) ? refusals.ECONNREFUSED : undefined;
}

/** What Nest and Fastify refuse on their own, without a word of theirs: it may repeat the URL. */
const plainRefusal = (status: number): Refusal | undefined =>
  status < 500 ? { status, detail: STATUS_CODES[status] ?? 'Refused' } : undefined;
