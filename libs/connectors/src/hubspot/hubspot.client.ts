import type { z } from 'zod';
import { createHttpClient, type HttpClient, type Refusal } from '../ground/http/http-client.js';
import { retryAfter } from '../ground/http/retry-after.js';
import { statusError } from '../ground/http/status-errors.js';
import { refusalJson } from '../ground/outside-json.js';
import type { ConnectorContext } from '../port/call-context.js';
import { AuthExpired, ConfigError, type ConnectorError, RateLimited } from '../port/connector.errors.js';
import { errorSchema } from './hubspot.schema.js';
import type { HubSpotConfig, HubSpotSecrets, HubSpotTable } from './hubspot.settings.js';

export type HubSpotContext = ConnectorContext<HubSpotConfig, HubSpotSecrets>;

/** HubSpot's answers in HubSpot's words, and its refusals as the errors the runner knows. */
export function hubSpotClient(context: HubSpotContext): HttpClient {
  const { accessToken } = context.secrets;
  if (!accessToken) throw new AuthExpired('There is no access token yet');
  return clientFor(context, () => ({ authorization: `Bearer ${accessToken}` }));
}

/** For the token endpoint, which takes its credentials in the form. */
export function anonymousClient(context: HubSpotContext): HttpClient {
  return clientFor(context);
}

/** Dated versions put the version behind the collection, v3 before it. */
export function objectsPath(config: HubSpotConfig, stream: HubSpotTable, rest = ''): string {
  const { apiVersion } = config;
  return apiVersion === 'v3'
    ? `/crm/v3/objects/${stream}${rest}`
    : `/crm/objects/${apiVersion}/${stream}${rest}`;
}

export function propertiesPath(config: HubSpotConfig, stream: HubSpotTable): string {
  const { apiVersion } = config;
  return apiVersion === 'v3' ? `/crm/v3/properties/${stream}` : `/crm/properties/${apiVersion}/${stream}`;
}

function clientFor(context: HubSpotContext, headers?: () => Record<string, string>): HttpClient {
  return createHttpClient({
    baseUrl: context.config.baseUrl,
    context,
    headers,
    classify,
  });
}

function classify(refusal: Refusal): ConnectorError {
  const error = errorBody(refusal.body);
  const detail = [
    error.category ?? error.errorType,
    error.policyName,
    error.status === 'BAD_REFRESH_TOKEN' ? error.status : undefined,
  ]
    .filter((part) => part !== undefined && /^[\w-]{1,60}$/.test(part))
    .join(' ');
  if (refusal.status === 429) return rateLimited(refusal, error.policyName, detail);
  if (refusal.status === 400 && refusal.what.includes('/oauth/'))
    return new AuthExpired(`${refusal.what}: ${detail}`, true);
  if (refusal.status === 530)
    return new ConfigError(`${refusal.what} answered 530: the access token is malformed`);
  return statusError(refusal, detail);
}

/** HubSpot names a time only sometimes; otherwise the policy that was broken says how long it lasts. */
function rateLimited(refusal: Refusal, policy: string | undefined, detail: string): RateLimited {
  const named = retryAfter(refusal.headers['retry-after'], refusal.serverDate, refusal.now);
  const delay = POLICY_DELAY_MS.get(policy ?? '') ?? intervalOf(refusal);
  return new RateLimited(
    `${refusal.what} answered 429: ${detail}`,
    named ?? new Date(refusal.now.getTime() + delay),
    policy === 'DAILY' ? 'daily' : 'burst',
  );
}

function intervalOf(refusal: Refusal): number {
  const interval = Number(refusal.headers['x-hubspot-ratelimit-interval-milliseconds']);
  return interval > 0 ? Math.min(interval, 60_000) : 10_000;
}

/** The daily quota ends at midnight in the account's own time zone: asking once an hour finds it. */
const POLICY_DELAY_MS: ReadonlyMap<string, number> = new Map([
  ['SECONDLY', 1_000],
  ['TEN_SECONDLY_ROLLING', 10_000],
  ['DAILY', 60 * 60 * 1000],
]);

function errorBody(body: Buffer): z.output<typeof errorSchema> {
  // Of a gateway's HTML page, the status alone decides.
  return errorSchema.safeParse(refusalJson(body)).data ?? {};
}
