import { randomUUID } from 'node:crypto';
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
import { isoTime } from './odoo.records.js';
import { type OdooHint, webhookSchema } from './odoo.schema.js';
import type { OdooConfig, OdooSecrets, OdooTable } from './odoo.settings.js';

/** Odoo signs nothing and can send no header: the secret is the last part of the path. */
export const odooWebhook: ConnectorWebhook<OdooConfig, OdooSecrets> = {
  verify: (delivery, { secrets }) => verifyPath(delivery, secrets),
  parse: parseDelivery,
};

function verifyPath({ tail }: WebhookDelivery, secrets: OdooSecrets): VerifyResult {
  const { webhookSecret, previousWebhookSecrets = [] } = secrets;
  const accepted = webhookSecret ? [webhookSecret, ...previousWebhookSecrets] : previousWebhookSecrets;
  if (accepted.length === 0) return { ok: false, reason: 'no_secret' };
  const given = tail.split('/').at(-1) ?? '';
  if (given === '') return { ok: false, reason: 'missing_signature' };
  // All are compared, so that the time does not tell which one came close.
  const matches = accepted.map((secret) => sameText(secret, given));
  return matches.includes(true) ? { ok: true, scheme: 'path' } : { ok: false, reason: 'bad_signature' };
}

/** One hint a request. Models that are no stream of ours say nothing. */
function parseDelivery({ rawBody }: WebhookDelivery): ParsedDelivery {
  const parsed = webhookSchema.safeParse(webhookJson(rawBody));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').join(', ');
    throw new InvalidDelivery(`The webhook body is not what Odoo sends: see ${where}`);
  }
  const signal = signalOf(parsed.data);
  return { signals: signal ? [signal] : [], rejected: [] };
}

/** Creation, change and deletion look alike: what became of the record is found by fetching it. */
function signalOf(hint: OdooHint): Signal | null {
  const stream = TABLES.get(hint._model);
  if (!stream) return null;
  const occurredAt = isoTime(hint.write_date);
  return {
    stream,
    id: String(hint._id),
    kind: 'upsert',
    occurredAt,
    dedupKey: dedupKey(hint),
    account: null,
  };
}

/**
 * One write comes up to eleven times, and each time with the same write_date, to the microsecond. The action is part
 * of the key because a deletion carries the write_date of the last change. A hint without a write_date cannot be told
 * from an earlier one of the same record, and to drop it would lose a change for ever: it is a key of its own.
 */
function dedupKey({ _model, _id, _action = '', write_date }: OdooHint): string {
  return [_model, _id, write_date || randomUUID(), _action].join(':');
}

const TABLES: ReadonlyMap<string, OdooTable> = new Map([['res.partner', 'partners']]);
