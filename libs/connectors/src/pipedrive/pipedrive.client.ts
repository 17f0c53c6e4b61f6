import { createHttpClient, type HttpClient, type Refusal } from '../ground/http/http-client.js';
import { retryAfter } from '../ground/http/retry-after.js';
import { statusError } from '../ground/http/status-errors.js';
import { refusalJson } from '../ground/outside-json.js';
import type { ConnectorContext } from '../port/call-context.js';
import { AuthExpired, type ConnectorError, RateLimited } from '../port/connector.errors.js';
import { errorSchema } from './pipedrive.schema.js';
import type { PipedriveConfig, PipedriveSecrets } from './pipedrive.settings.js';

export type PipedriveContext = ConnectorContext<PipedriveConfig, PipedriveSecrets>;

/** Pipedrive's API on the company's own host, with its refusals as the errors the runner knows. */
export function pipedriveClient(context: PipedriveContext): HttpClient {
  const { accessToken, apiDomain } = context.secrets;
  if (!accessToken) throw new AuthExpired('There is no access token yet');
  const headers = credentials(accessToken);
  return createHttpClient({
    baseUrl: apiDomain ?? context.config.baseUrl,
    context,
    headers: () => headers,
    classify,
  });
}

/** The token endpoint knows its client by HTTP Basic authentication. */
export function tokenClient(context: PipedriveContext, clientId: string, clientSecret: string): HttpClient {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return createHttpClient({
    baseUrl: context.config.oauthUrl,
    context,
    headers: () => ({ authorization: `Basic ${basic}` }),
    classify,
  });
}

/** Personal tokens are 40 hexadecimal digits and travel in a header of their own; OAuth's look different. */
function credentials(token: string): Record<string, string> {
  return /^[0-9a-f]{40}$/i.test(token) ? { 'x-api-token': token } : { authorization: `Bearer ${token}` };
}

function classify(refusal: Refusal): ConnectorError {
  const { status, what } = refusal;
  if (status === 429) return rateLimited(refusal);
  if (status === 403 && isPage(refusal)) return turnedAway(refusal);
  const detail = detailOf(refusal.body);
  if (what.includes('/oauth/') && (status === 400 || status === 401))
    return new AuthExpired(`${what} answered ${status}: ${detail}`, true);
  return statusError(refusal, detail);
}

/** The day's tokens are given out anew at midnight; everything else ends with its window of seconds. */
function rateLimited({ what, headers, serverDate, now }: Refusal): RateLimited {
  if (headers['x-daily-ratelimit-token-remaining'] === '0') {
    const serverNow = (serverDate ?? now).getTime();
    const wait = DAY_MS - (serverNow % DAY_MS);
    const message = `${what} answered 429: the daily token budget is used up`;
    return new RateLimited(message, new Date(now.getTime() + wait), 'daily');
  }
  const reset = headers['x-ratelimit-reset'];
  const named = retryAfter(Array.isArray(reset) ? reset[0] : reset, serverDate, now);
  const at = named ?? retryAfter(headers['retry-after'], serverDate, now);
  return new RateLimited(`${what} answered 429`, at ?? new Date(now.getTime() + WINDOW_MS), 'burst');
}

/** Who goes on after many 429 meets Cloudflare, whose page says nothing about permissions. */
function turnedAway({ what, headers, serverDate, now }: Refusal): RateLimited {
  const at = retryAfter(headers['retry-after'], serverDate, now);
  const message = `${what} answered 403 with a page of the gateway`;
  return new RateLimited(message, at ?? new Date(now.getTime() + TURNED_AWAY_MS), 'burst');
}

function isPage({ headers, body }: Refusal): boolean {
  return headers['content-type']?.includes('html') || body.toString('utf8').trimStart().startsWith('<');
}

/** Codes only: Pipedrive's sentences may quote what was asked for. */
function detailOf(body: Buffer): string {
  // Of what is not JSON, the status alone decides.
  const { code, errorCode, error } = errorSchema.safeParse(refusalJson(body)).data ?? {};
  return [code, errorCode, error]
    .map((part) => String(part ?? ''))
    .filter((part) => /^[\w-]{1,60}$/.test(part))
    .join(' ');
}

const WINDOW_MS = 2_000;
const TURNED_AWAY_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;
