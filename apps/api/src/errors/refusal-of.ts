import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { isDatabaseUnavailable, isUnstorableData } from '#platform';
import { isErrorCode } from './error-table.js';
import { foreignCodes } from './foreign-codes.js';
import { isError } from './is-error.js';
import { type Refusal, refusal } from './refusal.js';

/** How this error is answered, or nothing when it is our fault. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isError(error)) return undefined;
  const { code } = error as { code?: unknown };
  if (isErrorCode(code)) return refusal(code);
  if (typeof code === 'string' && Object.hasOwn(foreignCodes, code)) return foreignCodes[code];
  if (error instanceof HttpException) return refusalOf(error.cause) ?? frameworksRefusal(error);
  if (isDatabaseUnavailable(error)) return refusal('DATABASE_UNAVAILABLE');
  return isUnstorableData(error) ? refusal('UNSTORABLE') : undefined;
}

/** What Nest and Fastify refuse on their own, without a word of theirs: it may repeat the URL. */
const frameworksRefusal = (error: HttpException): Refusal | undefined =>
  error.getStatus() < 500 ? refusal('MALFORMED_REQUEST', STATUS_CODES[400]) : undefined;
