import type { Refusal } from '../ground/http/http-client.js';
import { retryAfter } from '../ground/http/retry-after.js';
import { statusError } from '../ground/http/status-errors.js';
import { refusalJson } from '../ground/outside-json.js';
import {
  AuthExpired,
  ConfigError,
  type ConnectorError,
  RateLimited,
  Transient,
} from '../port/connector.errors.js';
import { errorsSchema, loginErrorSchema } from './salesforce.schema.js';

/** Salesforce's codes as the errors the runner knows. Its messages quote data, so only names are taken from them. */
export function classifyDataError(refusal: Refusal): ConnectorError {
  const { errorCode = '', message = '' } = errorsSchema.safeParse(refusalJson(refusal.body)).data?.[0] ?? {};
  const code = /^[A-Z_]{1,60}$/.test(errorCode) ? errorCode : '';
  const said = `${refusal.what} answered ${refusal.status}: ${code}`;
  if (code === 'REQUEST_LIMIT_EXCEEDED') return limitExceeded(refusal, said, message);
  if (code === 'INVALID_SESSION_ID' || code === 'INVALID_AUTH_HEADER') return new AuthExpired(said);
  if (PASSING.has(code)) return new Transient(said, retryTime(refusal));
  if (QUERY_FAULTS.has(code)) return new ConfigError(`${said}${namedIn(message)}`);
  return statusError(refusal, code);
}

/** A refused grant needs a person; too many logins in an hour only need time. */
export function classifyLoginError(refusal: Refusal): ConnectorError {
  const { error = '', error_description = '' } =
    loginErrorSchema.safeParse(refusalJson(refusal.body)).data ?? {};
  const code = /^[\w-]{1,60}$/.test(error) ? error : '';
  const said = `${refusal.what} answered ${refusal.status}: ${code}`;
  if (/login rate/i.test(error_description))
    return new RateLimited(said, retryTime(refusal) ?? later(refusal, LOGIN_DELAY_MS), 'burst');
  return refusal.status === 400 || refusal.status === 401
    ? new AuthExpired(said, true)
    : statusError(refusal, code);
}

/** The day's quota is counted over the last 24 hours, so that asking once an hour finds its end. */
function limitExceeded(refusal: Refusal, said: string, message: string): RateLimited {
  const burst = /^Concurrent/i.test(message);
  const usage = /api-usage=\d+\/\d+/.exec(String(refusal.headers['sforce-limit-info'] ?? ''))?.[0];
  return new RateLimited(
    usage ? `${said} (${usage})` : said,
    retryTime(refusal) ?? later(refusal, burst ? BURST_DELAY_MS : DAILY_DELAY_MS),
    burst ? 'burst' : 'daily',
  );
}

function namedIn(message: string): string {
  const column = /No such column '([\w.]{1,200})' on (?:entity|sobject of type) '?(\w{1,80})/.exec(message);
  if (column) return `, the user cannot see the field ${column[1]} of ${column[2]}, or it does not exist`;
  const relation = /Didn't understand relationship '(\w{1,80})'/.exec(message);
  if (relation) return `, there is no relationship ${relation[1]}`;
  const type = /sObject type '(\w{1,80})' is not supported/.exec(message);
  return type ? `, the user cannot see the object ${type[1]}` : '';
}

const retryTime = ({ headers, serverDate, now }: Refusal): Date | null =>
  retryAfter(headers['retry-after'], serverDate, now);

const later = ({ now }: Refusal, ms: number): Date => new Date(now.getTime() + ms);

const PASSING = new Set(['UNABLE_TO_LOCK_ROW', 'SERVER_UNAVAILABLE', 'QUERY_TIMEOUT', 'UNKNOWN_EXCEPTION']);
const QUERY_FAULTS = new Set(['INVALID_FIELD', 'MALFORMED_QUERY', 'INVALID_TYPE']);
const BURST_DELAY_MS = 20_000;
const LOGIN_DELAY_MS = 10 * 60_000;
const DAILY_DELAY_MS = 60 * 60_000;
