import type { IncomingMessage } from 'node:http';
import { uuidv7 } from '#platform';

/** The caller's `X-Request-Id` when it is a plain one, else an id of ours: what events name as correlation id. */
export function requestId({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : uuidv7();
}
