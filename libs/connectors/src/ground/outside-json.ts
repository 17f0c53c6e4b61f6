import { DOCUMENT_BOUNDS, jsonIn, OutsideJsonError, parseOutsideJson } from '#platform';
import { InvalidDelivery } from '../port/connector.errors.js';
import type { ParsedDelivery } from '../port/webhook.js';

/** Six times what vendors send at once; each event is checked, and each signal stored, before the vendor is answered. */
const WEBHOOK_BOUNDS = { ...DOCUMENT_BOUNDS, tokens: 16_000 };

/** The body of a webhook. @throws InvalidDelivery, which says what is wrong and never quotes the body */
export function webhookJson(rawBody: Buffer, notJson = 'is not JSON'): unknown {
  try {
    return parseOutsideJson(rawBody.toString('utf8'), WEBHOOK_BOUNDS);
  } catch (error) {
    if (!(error instanceof OutsideJsonError)) throw error;
    throw new InvalidDelivery(`The webhook body ${error.fault === 'syntax' ? notJson : error.message}`);
  }
}

/** To say of each event what is wrong with it takes far longer than to read it. Vendors send a hundred at a time. */
const MOST_UNREADABLE = 200;

/** Notes an event that cannot be read. @throws InvalidDelivery when there are so many that it is nothing of the vendor's */
export function reject(rejected: RejectedEvent[], index: number, reason: string): void {
  if (rejected.length === MOST_UNREADABLE)
    throw new InvalidDelivery(`More than ${MOST_UNREADABLE} events of the webhook cannot be read`);
  rejected.push({ index, reason });
}

export type RejectedEvent = ParsedDelivery['rejected'][number];

/** The body of a refusal, which may as well be a gateway's page: null when it is not JSON, or too much of it. */
export function refusalJson(body: Buffer): unknown {
  try {
    return jsonIn(body.toString('utf8'))?.json ?? null;
  } catch (error) {
    if (error instanceof OutsideJsonError) return null;
    throw error;
  }
}
