import { DatabaseUnavailableError, isDatabaseUnavailable } from '#platform';
import type { SaidError } from './messages.js';

/** For another process. */
export function saidError(error: unknown): SaidError {
  const { code, retryable, retryAfterMs } = fieldsOf(error);
  const { name, message, stack } = error instanceof Error ? error : new Error('thrown');
  return {
    name,
    message,
    ...(stack !== undefined && { stack }),
    ...(typeof code === 'string' && { code }),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    databaseUnavailable: isDatabaseUnavailable(error),
  };
}

/** What another process threw, to be judged like what this one throws. */
export function heardError({ databaseUnavailable, name, message, stack, ...fields }: SaidError): Error {
  if (databaseUnavailable) return new DatabaseUnavailableError();
  const error = Object.assign(new Error(message), fields);
  Object.defineProperty(error, 'name', { value: name });
  if (stack !== undefined) error.stack = stack;
  return error;
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
