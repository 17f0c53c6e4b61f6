import type { IncomingHttpHeaders } from 'node:http';
import {
  AuthExpired,
  ConfigError,
  type ConnectorError,
  InvalidResponse,
  RateLimited,
  Transient,
} from '../../port/connector.errors.js';
import { retryAfter } from './retry-after.js';

/** An answer that is no success, and what there is to judge it by. */
export interface Refusal {
  /** Method and path, for messages: no host, query, body or header. */
  readonly what: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly serverDate: Date | null;
  readonly now: Date;
}

type Meaning = 'auth' | 'config' | 'transient' | 'rate';

/** The one table of what a status means, unless a vendor knows better. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  400: 'config',
  401: 'auth',
  403: 'config',
  404: 'config',
  405: 'config',
  408: 'transient',
  410: 'config',
  414: 'config',
  422: 'config',
  423: 'transient',
  425: 'transient',
  429: 'rate',
};

export function statusError(refusal: Refusal, detail = ''): ConnectorError {
  const { what, status } = refusal;
  const message = `${what} answered ${status}${detail && `: ${detail}`}`;
  const at = retryAfter(refusal.headers['retry-after'], refusal.serverDate, refusal.now);
  switch (MEANINGS[status] ?? (status >= 500 ? 'transient' : 'invalid')) {
    case 'auth':
      return new AuthExpired(message);
    case 'config':
      return new ConfigError(message);
    case 'rate':
      return new RateLimited(message, at ?? new Date(refusal.now.getTime() + DEFAULT_BURST_MS), 'burst');
    case 'transient':
      return new Transient(message, at);
    default:
      return new InvalidResponse(
        status >= 300 && status < 400 ? `${message}, and redirects are not followed` : message,
      );
  }
}

/** Long enough for the windows vendors count in. */
const DEFAULT_BURST_MS = 10_000;
