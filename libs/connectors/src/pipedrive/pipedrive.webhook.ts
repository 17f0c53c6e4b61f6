import { sameText } from '../ground/http/same-text.js';
import { webhookJson } from '../ground/outside-json.js';
import { InvalidDelivery } from '../port/connector.errors.js';
import type {
  ConnectorWebhook,
  ParsedDelivery,
  Signal,
  VerifyResult,
  WebhookDelivery,
} from '../port/webhook.js';
import { type PipedriveEvent, webhookSchema } from './pipedrive.schema.js';
import type { PipedriveConfig, PipedriveSecrets, PipedriveTable } from './pipedrive.settings.js';

/** Pipedrive signs nothing: user name and password, by HTTP Basic authentication, are all there is. */
export const pipedriveWebhook: ConnectorWebhook<PipedriveConfig, PipedriveSecrets> = {
  verify: (delivery, { secrets }) => verifyBasic(delivery, secrets),
  parse: parseDelivery,
};

function verifyBasic({ headers }: WebhookDelivery, secrets: PipedriveSecrets): VerifyResult {
  const { webhookUser, webhookPassword, previousWebhookPasswords = [] } = secrets;
  const passwords = webhookPassword
    ? [webhookPassword, ...previousWebhookPasswords]
    : previousWebhookPasswords;
  if (passwords.length === 0) return { ok: false, reason: 'no_secret' };
  const given = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(String(headers.authorization ?? ''))?.[1];
  if (given === undefined) return { ok: false, reason: 'missing_signature' };
  const pair = Buffer.from(given, 'base64').toString('utf8');
  // All are compared, so that the time does not tell which one came close.
  const matches = passwords.map((password) => sameText(`${webhookUser}:${password}`, pair));
  return matches.includes(true) ? { ok: true, scheme: 'basic' } : { ok: false, reason: 'bad_signature' };
}

/** One object, one event. Entities that are no stream of ours say nothing. */
function parseDelivery({ rawBody }: WebhookDelivery): ParsedDelivery {
  const parsed = webhookSchema.safeParse(webhookJson(rawBody));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').join(', ');
    throw new InvalidDelivery(`The webhook body is not an event of Pipedrive's webhooks v2: see ${where}`);
  }
  const signal = signalOf(parsed.data.meta);
  return { signals: signal ? [signal] : [], rejected: [] };
}

/** The id is the event's own and stays the same when it is sent again. */
function signalOf(event: PipedriveEvent): Signal | null {
  const stream = TABLES.get(event.entity);
  const kind = KINDS.get(event.action);
  if (!stream || !kind) return null;
  const mergedInto = kind === 'delete' ? event.merged_to_id : null;
  return {
    stream,
    id: event.entity_id,
    ...(mergedInto ? { kind: 'merge', mergedInto } : { kind }),
    occurredAt: timeOf(event.timestamp),
    dedupKey: event.id,
    account: event.company_id,
    ...(event.change_source ? { origin: event.change_source } : {}),
  };
}

function timeOf(timestamp: string | null | undefined): string | null {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

const TABLES: ReadonlyMap<string, PipedriveTable> = new Map([
  ['person', 'persons'],
  ['organization', 'organizations'],
]);

const KINDS: ReadonlyMap<string, 'upsert' | 'delete'> = new Map([
  ['create', 'upsert'],
  ['change', 'upsert'],
  ['delete', 'delete'],
]);
