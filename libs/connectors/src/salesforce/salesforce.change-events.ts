import { z } from 'zod';
import { reject, webhookJson } from '../ground/outside-json.js';
import { InvalidDelivery } from '../port/connector.errors.js';
import type { ParsedDelivery, Signal } from '../port/webhook.js';
import { isSalesforceId, to18 } from './salesforce.ids.js';
import { salesforceIdSchema } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';

/**
 * Change Data Capture, one event or a list, bare or in the envelope of CometD, Pub/Sub or an event relay.
 * An event may speak of many records, and sometimes of more than it can name.
 */
export function parseChangeEvents(rawBody: Buffer): ParsedDelivery {
  const signals: Signal[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, item] of eventsOf(rawBody).entries()) {
    const parsed = changeHeaderSchema.safeParse(headerOf(item));
    if (!parsed.success) {
      const reason = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
      reject(rejected, index, reason.join('; '));
      continue;
    }
    const { signals: named, nameless } = signalsOf(parsed.data, accountOf(item));
    signals.push(...named);
    if (nameless) reject(rejected, index, NAMELESS);
  }
  return { signals, rejected };
}

function eventsOf(rawBody: Buffer): unknown[] {
  const body = webhookJson(rawBody, 'is neither an Outbound Message nor JSON');
  const events = Array.isArray(body) ? body : [body];
  if (events.some((event) => headerOf(event) === undefined))
    throw new InvalidDelivery('The webhook body is not made of Change Data Capture events');
  return events;
}

function headerOf(event: unknown): unknown {
  const envelope = envelopeSchema.safeParse(event).data;
  const inner = envelope?.data ?? envelope?.detail ?? envelope;
  return inner?.ChangeEventHeader ?? inner?.payload?.ChangeEventHeader;
}

/** Events name no organisation by themselves; a relay may. */
function accountOf(event: unknown): string | null {
  const { organizationId, source } = envelopeSchema.safeParse(event).data ?? {};
  const named = organizationId ?? /\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b/.exec(source ?? '')?.[0];
  return salesforceIdSchema.safeParse(named).data ?? null;
}

function signalsOf(
  header: z.output<typeof changeHeaderSchema>,
  account: string | null,
): { signals: Signal[]; nameless: boolean } {
  const stream = TABLES.get(header.entityName);
  if (stream === undefined) return { signals: [], nameless: false };
  const kind = KINDS.get(header.changeType.replace(/^GAP_/, ''));
  if (kind === undefined) return { signals: [], nameless: true };
  const ids = header.recordIds.filter(isSalesforceId).map(to18);
  const common = {
    stream,
    kind,
    occurredAt: header.commitTimestamp === undefined ? null : isoOf(header.commitTimestamp),
    account,
    ...(header.changeOrigin ? { origin: header.changeOrigin } : {}),
  };
  const key = `cdc:${header.transactionKey}:${header.sequenceNumber}`;
  const signals = ids.map((id): Signal => ({ ...common, id, dedupKey: `${key}:${id}` }));
  return { signals, nameless: ids.length < header.recordIds.length || ids.length === 0 };
}

function isoOf(ms: number): string | null {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

const payloadSchema = z.looseObject({ ChangeEventHeader: z.unknown() }).partial();
const innerSchema = payloadSchema.extend({ payload: payloadSchema.optional() });
const envelopeSchema = innerSchema.extend({
  data: innerSchema.optional(),
  detail: innerSchema.optional(),
  organizationId: z.string().optional(),
  source: z.string().optional(),
});

const changeHeaderSchema = z.looseObject({
  entityName: z.string(),
  recordIds: z.array(z.string()),
  changeType: z.string().regex(/^(GAP_)?(CREATE|UPDATE|DELETE|UNDELETE)$|^GAP_OVERFLOW$/),
  transactionKey: z.string().min(1),
  sequenceNumber: z.int().min(0),
  commitTimestamp: z.number().optional(),
  changeOrigin: z.string().optional(),
});

const NAMELESS =
  'the event does not name every record it speaks of: the next incremental run or sweep finds them';

const TABLES: ReadonlyMap<string, SalesforceTable> = new Map([
  ['Contact', 'contacts'],
  ['Account', 'accounts'],
  ['Lead', 'leads'],
]);

const KINDS: ReadonlyMap<string, Signal['kind']> = new Map([
  ['CREATE', 'upsert'],
  ['UPDATE', 'upsert'],
  ['DELETE', 'delete'],
  ['UNDELETE', 'restore'],
]);
