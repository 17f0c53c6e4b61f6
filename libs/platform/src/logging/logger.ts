import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * A JSON logger on standard error, so that standard output stays free for what a command answers.
 * `ROLLCALL_LOG_LEVEL` sets the level (`info`). Log ids and codes, never personal data: values under the
 * usual secret-bearing names are blanked as a second line of defence.
 */
export const createLogger = (name: string): Logger => root().child({ name });

let shared: Logger | undefined;

function root(): Logger {
  shared ??= pino(
    {
      level: process.env.ROLLCALL_LOG_LEVEL || (process.env.NODE_ENV === 'test' ? 'warn' : 'info'),
      base: null,
      redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    destination(),
  );
  return shared;
}

/** Lines that wait for room on a full disk. Those after them are lost. */
const WAITING_BYTES = 1_048_576;

/** A log that cannot be written stops nobody: what a closed pipe refuses is lost, what a full disk refuses waits for room. */
function destination() {
  const stream = pino.destination({ dest: 2, sync: true, maxLength: WAITING_BYTES });
  // Where could it be said? Without a listener the process would end. Of a closed pipe pino knows by itself.
  stream.on('error', () => undefined);
  return stream;
}

const REDACTED = ['authorization', 'password', 'secret', 'secrets', 'token', 'apiKey', 'clientSecret'];
