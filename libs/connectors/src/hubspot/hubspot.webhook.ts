import { reject, webhookJson } from '../ground/outside-json.js';
import { InvalidDelivery } from '../port/connector.errors.js';
import type { ConnectorWebhook, ParsedDelivery, Signal, WebhookDelivery } from '../port/webhook.js';
import { type WebhookEvent, webhookEventSchema } from './hubspot.schema.js';
import type { HubSpotConfig, HubSpotSecrets, HubSpotTable } from './hubspot.settings.js';
import { verifyHubSpotSignature } from './hubspot.signature.js';

export const hubSpotWebhook: ConnectorWebhook<HubSpotConfig, HubSpotSecrets> = {
  verify: (delivery, { secrets }, now) => verifyHubSpotSignature(delivery, webhookSecrets(secrets), now),
  parse: parseDelivery,
};

function webhookSecrets({ clientSecret, previousClientSecrets = [] }: HubSpotSecrets): string[] {
  return clientSecret ? [clientSecret, ...previousClientSecrets] : previousClientSecrets;
}

function parseDelivery({ rawBody }: WebhookDelivery): ParsedDelivery {
  const signals: Signal[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, item] of eventsOf(rawBody).entries()) {
    const parsed = webhookEventSchema.safeParse(item);
    if (parsed.success) signals.push(...signalsOf(parsed.data));
    else
      reject(rejected, index, parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
  }
  return { signals, rejected };
}

function eventsOf(rawBody: Buffer): unknown[] {
  const body = webhookJson(rawBody);
  if (!Array.isArray(body)) throw new InvalidDelivery('The webhook body is not an array of events');
  return body;
}

/** Events of objects that are no stream of ours say nothing; a merge speaks of several records. */
function signalsOf(event: WebhookEvent): Signal[] {
  const [object = '', action = ''] = (event.subscriptionType ?? event.eventType ?? '').split('.');
  const stream = TABLES.get(object === 'object' ? (event.objectTypeId ?? '') : object);
  if (stream === undefined) return [];
  if (action === 'merge') return mergeSignals(stream, event);
  if (action === 'associationChange') return associationSignals(stream, event);
  const kind = KINDS.get(action);
  const id = event.objectId ?? event.fromObjectId;
  if (kind === undefined || id === undefined) return [];
  const erase = action === 'privacyDeletion' ? { erase: true } : {};
  return [{ ...signalBase(stream, event), id, kind, ...erase, dedupKey: dedupKey(event, id) }];
}

/** The surviving record may have an id that neither of the two had before. */
function mergeSignals(stream: HubSpotTable, event: WebhookEvent): Signal[] {
  const winner = event.newObjectId ?? event.primaryObjectId ?? event.objectId;
  if (winner === undefined) return [];
  const base = signalBase(stream, event);
  const key = dedupKey(event, event.objectId ?? winner);
  const merged = new Set([...(event.mergedObjectIds ?? []), event.primaryObjectId ?? winner]);
  merged.delete(winner);
  const losers = [...merged].map(
    (id): Signal => ({ ...base, id, kind: 'merge', mergedInto: winner, dedupKey: `${key}:merged:${id}` }),
  );
  return [{ ...base, id: winner, kind: 'upsert', dedupKey: key }, ...losers];
}

/** Both ends changed; the other one is told when its type is a stream of ours. */
function associationSignals(stream: HubSpotTable, event: WebhookEvent): Signal[] {
  const from = event.fromObjectId ?? event.objectId;
  if (from === undefined) return [];
  const kind = 'upsert' as const;
  const key = `${dedupKey(event, from)}:${event.toObjectId ?? ''}`;
  const near: Signal = { ...signalBase(stream, event), id: from, kind, dedupKey: key };
  const other = TABLES.get((event.associationType ?? '').split('_TO_')[1]?.toLowerCase() ?? '');
  if (other === undefined || event.toObjectId === undefined) return [near];
  return [near, { ...signalBase(other, event), id: event.toObjectId, kind, dedupKey: `${key}:other` }];
}

function signalBase(stream: HubSpotTable, event: WebhookEvent) {
  return {
    stream,
    occurredAt: occurredAt(event),
    account: event.portalId,
    ...(event.changeSource === undefined ? {} : { origin: event.changeSource }),
  };
}

function occurredAt({ occurredAt: time }: WebhookEvent): string | null {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** HubSpot does not promise that eventId is unique by itself. */
function dedupKey(event: WebhookEvent, objectId: string): string {
  const { portalId, subscriptionId = '', propertyName = '', eventId = '' } = event;
  return [portalId, subscriptionId, objectId, propertyName, event.occurredAt ?? '', eventId].join(':');
}

/** Object type ids are what `object.*` subscriptions of newer apps name. */
const TABLES: ReadonlyMap<string, HubSpotTable> = new Map([
  ['contact', 'contacts'],
  ['company', 'companies'],
  ['0-1', 'contacts'],
  ['0-2', 'companies'],
]);

const KINDS: ReadonlyMap<string, Signal['kind']> = new Map([
  ['creation', 'upsert'],
  ['propertyChange', 'upsert'],
  ['deletion', 'delete'],
  ['privacyDeletion', 'delete'],
  ['restore', 'restore'],
]);
