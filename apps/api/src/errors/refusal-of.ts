import { type Refusal, refusals } from './error-table.js';

/** pg's pool reports a timeout, and pg a lost connection, without a code. */
const CONNECTION_LOST =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** How this error is answered, or nothing when it is our fault. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && Object.hasOwn(refusals, code)) return refusals[code];
  return CONNECTION_LOST.test(error.message) ? refusals.ECONNREFUSED : undefined;
}
