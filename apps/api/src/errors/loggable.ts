import { isError } from './is-error.js';

export interface LoggableError {
  readonly type: string;
  readonly code?: unknown;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: LoggableError;
}

/** An error without its further fields: PostgreSQL's `detail` and `where` repeat the values of a row. */
export function loggable(error: unknown, depth = 0): LoggableError {
  if (!isError(error)) return { type: typeof error, message: String(error) };
  const { name, code, message, stack, cause } = error as Error & { code?: unknown };
  return {
    type: name,
    ...(code !== undefined && { code }),
    message,
    stack,
    ...(cause !== undefined && depth < MAX_DEPTH && { cause: loggable(cause, depth + 1) }),
  };
}

const MAX_DEPTH = 3;
