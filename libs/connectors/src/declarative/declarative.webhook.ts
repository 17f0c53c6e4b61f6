import { createHash } from 'node:crypto';
import { reject, webhookJson } from '../ground/outside-json.js';
import { ConfigError, InvalidDelivery } from '../port/connector.errors.js';
import type { ConnectorWebhook, ParsedDelivery, Signal, WebhookDelivery } from '../port/webhook.js';
import { parseDate } from './date-format.js';
import { fillText, type Scope, valueAt } from './template.js';
import { verifyDelivery } from './verification.js';
import type { ManifestWebhook } from './webhook.schema.js';

type Values = Readonly<Record<string, unknown>>;

export function declarativeWebhook({ verify, signals }: ManifestWebhook): ConnectorWebhook<Values, Values> {
  return {
    verify: (delivery, { config, secrets }, now) =>
      verifyDelivery(verify, delivery, { settings: config, secrets }, now),
    parse: (delivery) => parseDelivery(signals, delivery),
  };
}

type SignalRules = ManifestWebhook['signals'];

function parseDelivery(rules: SignalRules, delivery: WebhookDelivery): ParsedDelivery {
  const signals: Signal[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, event] of eventsOf(rules, delivery).entries()) {
    const scope = { event, delivery: { tail: delivery.tail, headers: delivery.headers } };
    try {
      signals.push(...signalsOf(rules, scope));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      reject(rejected, index, error.message);
    }
  }
  return { signals, rejected };
}

function eventsOf({ each, list, event: name }: SignalRules, { rawBody }: WebhookDelivery): object[] {
  const body = webhookJson(rawBody);
  const found = valueAt(body, each);
  const events: unknown[] = Array.isArray(found) ? found : [found];
  const shaped = events.every((event) => typeof event === 'object' && event !== null);
  const named = !WHOLE_EVENT.test(name) || events.some((event) => fillText(name, { event }) !== undefined);
  if (!shaped || !named || (list && !Array.isArray(found)))
    throw new InvalidDelivery(`The webhook body has no events${each === '' ? '' : ` at ${each}`}`);
  return events as object[];
}

/** Events that the manifest does not name say nothing. */
function signalsOf(rules: SignalRules, scope: Scope): Signal[] {
  const name = fillText(rules.event, scope);
  if (name === undefined) throw new ConfigError(`${rules.event} is missing`);
  const dedup = rules.dedup === undefined ? fingerprint(scope) : required(rules.dedup, scope);
  const matching = Object.hasOwn(rules.on, name) ? (rules.on[name] ?? []) : [];
  return matching.map((rule) => {
    const id = required(rule.id, scope);
    return {
      stream: rule.stream,
      id,
      kind: rule.kind,
      ...(rule.mergedInto === undefined ? {} : { mergedInto: required(rule.mergedInto, scope) }),
      ...(rule.erase ? { erase: true } : {}),
      occurredAt: occurredAt(rules, scope),
      dedupKey: matching.length === 1 ? dedup : `${dedup}:${rule.kind}:${id}`,
      account: rules.account === undefined ? null : required(rules.account, scope),
      ...originOf(rules, scope),
    };
  });
}

/** For vendors whose events have no identity: the same bytes under the same address are the same news. */
function fingerprint({ event, delivery }: Scope): string {
  const said = JSON.stringify([valueAt(delivery, 'tail'), event]);
  return createHash('sha256').update(said).digest('hex');
}

function occurredAt({ occurredAt: rule }: SignalRules, scope: Scope): string | null {
  if (!rule) return null;
  return parseDate(fillText(rule.value, scope), rule.format)?.toISOString() ?? null;
}

function originOf({ origin }: SignalRules, scope: Scope): { origin?: string } {
  const text = origin === undefined ? undefined : fillText(origin, scope);
  return text === undefined ? {} : { origin: text };
}

function required(template: string, scope: Scope): string {
  const text = fillText(template, scope);
  if (text === undefined || text === '') throw new ConfigError(`${template} is missing`);
  return text;
}

/** A name that the event itself holds: a body in which no event has one is somebody else's. */
const WHOLE_EVENT = /^\{\{\s*event\.[\w.$-]+\s*\}\}$/;
