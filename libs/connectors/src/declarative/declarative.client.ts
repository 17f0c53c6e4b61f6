import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type Refusal,
} from '../ground/http/http-client.js';
import { retryAfter } from '../ground/http/retry-after.js';
import { statusError } from '../ground/http/status-errors.js';
import type { ConnectorContext } from '../port/call-context.js';
import {
  AuthExpired,
  ConfigError,
  type ConnectorError,
  RateLimited,
  Transient,
} from '../port/connector.errors.js';
import type { Manifest, ManifestRequest } from './manifest.schema.js';
import { fillBody, fillPath, fillText, type Scope } from './template.js';

export type Values = Readonly<Record<string, unknown>>;
export type DeclarativeContext = ConnectorContext<Values, Values>;

/** The vendor has no such record: an answer where one record is asked for, a wrong path everywhere else. */
export class RecordGone extends ConfigError {}

/** Sends the requests of a manifest, and reads refusals as the manifest says. */
export type ManifestCall = (request: ManifestRequest, scope?: Scope) => Promise<HttpAnswer>;

export function manifestCalls(manifest: Manifest, context: DeclarativeContext): ManifestCall {
  const base: Scope = { settings: context.config, secrets: context.secrets };
  const { headers, query } = credentials(manifest, base);
  const client = clientFor(manifest, context, text(manifest.baseUrl, base, 'baseUrl'), {
    ...texts(manifest.headers, base),
    ...headers,
  });
  return (request, more = {}) => {
    const scope = { ...base, ...more };
    return client({
      method: request.method,
      path: fillPath(request.path, scope),
      query: { ...texts(request.query, scope), ...query },
      headers: texts(request.headers, scope),
      ...(request.body === undefined ? {} : { json: fillBody(request.body, scope) }),
    });
  };
}

export function clientFor(
  manifest: Manifest,
  context: DeclarativeContext,
  baseUrl: string,
  headers: Readonly<Record<string, string>> = {},
): HttpClient {
  return createHttpClient({
    baseUrl,
    context,
    headers: () => headers,
    classify: (refusal) => classify(manifest, refusal),
  });
}

function credentials(
  { auth }: Manifest,
  scope: Scope,
): { headers: Record<string, string>; query: Record<string, string> } {
  switch (auth.type) {
    case 'none':
      return { headers: {}, query: {} };
    case 'header':
      return { headers: { [auth.name.toLowerCase()]: text(auth.value, scope, 'auth.value') }, query: {} };
    case 'query':
      return { headers: {}, query: { [auth.name]: text(auth.value, scope, 'auth.value') } };
    case 'bearer':
      return bearer(text(auth.token, scope, 'auth.token'));
    case 'basic':
      return {
        headers: {
          authorization: basicAuthorization(
            text(auth.username, scope, 'auth.username'),
            fillText(auth.password, scope) ?? '',
          ),
        },
        query: {},
      };
    case 'oauth2_refresh': {
      const token = fillText('{{secrets.accessToken}}', scope);
      if (!token) throw new AuthExpired('There is no access token yet');
      return bearer(token);
    }
  }
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, query: {} });

export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** @throws ConfigError naming the place of the manifest that has no value */
export function text(template: string, scope: Scope, place: string): string {
  const filled = fillText(template, scope);
  if (filled === undefined || filled === '') throw new ConfigError(`${place}: ${template} has no value`);
  return filled;
}

function texts(
  templates: Readonly<Record<string, string | number | boolean>>,
  scope: Scope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(templates).flatMap(([name, template]) => {
      const filled = typeof template === 'string' ? fillText(template, scope) : String(template);
      return filled === undefined ? [] : [[name, filled]];
    }),
  );
}

/** The first filter that fits decides; without one, the common table of statuses. */
function classify(manifest: Manifest, refusal: Refusal): ConnectorError {
  const message = `${refusal.what} answered ${refusal.status}`;
  const filter = manifest.errors.find(
    ({ status, bodyMatch }) =>
      [status].flat().includes(refusal.status) &&
      (bodyMatch === undefined || refusal.body.toString('utf8').includes(bodyMatch)),
  );
  switch (filter?.action) {
    case 'retry':
      return new Transient(message, comeBack(manifest, refusal));
    case 'rate_limit':
      return rateLimited(manifest, refusal, message);
    case 'quota':
      return new RateLimited(message, comeBack(manifest, refusal) ?? later(refusal, HOUR_MS), 'daily');
    case 'refresh_auth':
      return new AuthExpired(message);
    case 'reauthorize':
      return new AuthExpired(message, true);
    case 'config':
      return new ConfigError(message);
    case 'gone':
      return new RecordGone(message);
    default:
      return refusal.status === 429 ? rateLimited(manifest, refusal, message) : otherwise(refusal);
  }
}

function otherwise(refusal: Refusal): ConnectorError {
  const error = statusError(refusal);
  return refusal.status === 404 || refusal.status === 410 ? new RecordGone(error.message) : error;
}

function rateLimited(manifest: Manifest, refusal: Refusal, message: string): RateLimited {
  const { dailyRemaining } = manifest.rateHeaders;
  const left = dailyRemaining && headerOf(refusal, dailyRemaining);
  const at = comeBack(manifest, refusal);
  if (left !== undefined && Number(left) <= 0 && left !== '')
    return new RateLimited(message, at ?? later(refusal, HOUR_MS), 'daily');
  return new RateLimited(message, at ?? later(refusal, BURST_MS), 'burst');
}

/** The time the vendor names, on our own clock. */
function comeBack({ rateHeaders }: Manifest, refusal: Refusal): Date | null {
  const { serverDate, now } = refusal;
  const named = retryAfter(headerOf(refusal, rateHeaders.retryAfter ?? 'retry-after'), serverDate, now);
  if (named || !rateHeaders.reset) return named;
  const reset = headerOf(refusal, rateHeaders.reset.name);
  if (reset === undefined || !/^\d+$/.test(reset)) return null;
  const seconds =
    rateHeaders.reset.unit === 'relative_s'
      ? Number(reset)
      : Math.max(1, Number(reset) - (serverDate ?? now).getTime() / 1000);
  return retryAfter(String(seconds), serverDate, now);
}

function headerOf({ headers }: Refusal, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}

const later = ({ now }: Refusal, ms: number) => new Date(now.getTime() + ms);
const BURST_MS = 10_000;
const HOUR_MS = 60 * 60 * 1000;
