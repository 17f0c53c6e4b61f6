import type { IncomingHttpHeaders } from 'node:http';
import type { CallContext } from '../../port/call-context.js';
import { ConfigError, type ConnectorError } from '../../port/connector.errors.js';
import { exchange } from './exchange.js';
import { parseJsonBody } from './json-body.js';
import { type Refusal, statusError } from './status-errors.js';

export type { Refusal } from './status-errors.js';

export interface HttpClientOptions {
  readonly baseUrl: string;
  readonly context: CallContext;
  /** What every request carries, credentials among it; called for each, and never logged. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** The vendor's own reading of a refusal; `null` leaves it to the status table. */
  readonly classify?: (refusal: Refusal) => ConnectorError | null;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
  readonly lossy: boolean;
  /** The vendor's clock: cursors start from it, not from ours. */
  readonly serverDate: Date | null;
}

export type HttpClient = (call: HttpCall) => Promise<HttpAnswer>;

/** A JSON client for one base URL: answers 2xx, throws a `ConnectorError` for everything else. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return async (call) => {
    const { network, now, signal, budget } = options.context;
    const what = `${call.method} ${call.path}`;
    await budget?.take(call.path);
    const reply = await exchange(
      {
        method: call.method,
        url: urlOf(options.baseUrl, call),
        headers: headersOf(options, call),
        body: bodyOf(call),
        signal,
      },
      network,
    );
    const { status, headers, body } = reply;
    const serverDate = parseDate(headers.date);
    if (status < 200 || status > 299) {
      const refusal = { what, status, headers, body, serverDate, now: now() };
      throw options.classify?.(refusal) ?? statusError(refusal);
    }
    return { status, headers, serverDate, ...(await parseJsonBody(what, headers['content-type'], body)) };
  };
}

function urlOf(baseUrl: string, call: HttpCall): URL {
  if (!URL.canParse(baseUrl)) throw new ConfigError('The base URL is not a URL');
  const url = new URL(baseUrl.replace(/\/+$/, '') + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

function headersOf(options: HttpClientOptions, call: HttpCall): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': 'rollcall',
    ...options.headers?.(),
    ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(call.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...call.headers,
  };
}

function bodyOf(call: HttpCall): string | undefined {
  if (call.form) return new URLSearchParams(call.form).toString();
  return call.json === undefined ? undefined : JSON.stringify(call.json);
}

function parseDate(value: string | undefined): Date | null {
  const time = Date.parse(value ?? '');
  return Number.isNaN(time) ? null : new Date(time);
}
