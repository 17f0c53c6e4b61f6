import type { ConnectorWebhook, ParsedDelivery, Signal, WebhookDelivery } from '#connectors';
import { type Clock, createLogger } from '#platform';
import { ConnectionNotFoundError } from '../connections/connection.errors.js';
import { tablesOf } from '../connections/connection.js';
import type { Announcer } from './announcer.js';
import type { DeliveryStore } from './delivery.store.js';
import { keepSignals } from './signal-keeper.js';
import { ConnectionUnsettledError, WebhookRejectedError } from './webhook.errors.js';
import type { Receiver, WebhookReceivers } from './webhook-receivers.js';

/** What arrived at `POST /v1/webhooks/{kind}/{connection_id}`, with or without a tail. */
export interface IncomingWebhook extends WebhookDelivery {
  readonly kind: string;
  readonly connectionId: string;
}

/** What became of a webhook, and the answer that the vendor waits for, if any. */
export interface Received {
  /** Signals that were new. */
  readonly stored: number;
  /** Events that could not be read, and signals that cannot be stored; the others of the delivery are kept. */
  readonly rejected: number;
  readonly acknowledgement?: ConnectorWebhook<unknown, unknown>['acknowledgement'];
}

/**
 * Verifies a delivery, keeps each of its signals once, and leaves the fetching to a job. One statement for each
 * delivery: what it is judged by was kept from an earlier one, and the statement that stores the signals looks whether
 * the connection is still the one they were judged by. When it is not (secrets rotated, paused, removed), nothing is
 * stored and all of it is judged again by what the connection is now.
 */
export class WebhookInbox {
  private readonly log = createLogger('webhook-inbox');

  constructor(
    private readonly parts: {
      readonly receivers: WebhookReceivers;
      readonly deliveries: DeliveryStore;
      readonly announcer: Announcer;
      readonly clock: Clock;
    },
  ) {}

  /**
   * Answers how many signals were new, and what the vendor wants to read.
   * @throws ConnectionNotFoundError, WebhookRejectedError, InvalidDelivery; then nothing is kept
   */
  async receive(incoming: IncomingWebhook): Promise<Received> {
    const { receivers } = this.parts;
    const receiver = await receivers.of(incoming.connectionId);
    const received = await this.receiveBy(receiver, incoming).catch((error: unknown) => {
      // By what was kept it is rejected; by what the connection is now it may be right.
      if (receiver?.kept && error instanceof WebhookRejectedError) return null;
      throw error;
    });
    if (received) return received;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const again = await this.receiveBy(await receivers.fresh(incoming.connectionId), incoming);
      if (again) return again;
    }
    throw new ConnectionUnsettledError();
  }

  /** Null: the connection has changed since. */
  private async receiveBy(receiver: Receiver | null, incoming: IncomingWebhook): Promise<Received | null> {
    if (receiver?.connection.kind !== incoming.kind) throw new ConnectionNotFoundError(incoming.connectionId);
    const { signals, rejected: unreadable } = this.verified(receiver, incoming);
    const { id } = receiver.connection;
    const judgedBy = { id, rowVersion: receiver.rowVersion };
    const kept = await keepSignals(this.parts.deliveries, judgedBy, this.wanted(receiver, signals));
    if (kept === null) return null;
    this.sayRejected(id, unreadable.length, kept.unstorable);
    if (kept.stored > 0) this.parts.announcer.announce(id);
    const { acknowledgement } = receiver.webhook;
    const rejected = unreadable.length + kept.unstorable;
    return { stored: kept.stored, rejected, ...(acknowledgement ? { acknowledgement } : {}) };
  }

  private sayRejected(connection: string, unreadable: number, unstorable: number): void {
    if (unreadable + unstorable > 0)
      this.log.warn({ connection, unreadable, unstorable }, 'events of a webhook were rejected');
  }

  /** Of the streams that are synced; one statement must not meet one key twice. */
  private wanted({ connection }: Receiver, signals: readonly Signal[]): Signal[] {
    const streams = tablesOf(connection);
    const synced = signals.filter(({ stream }) => streams.includes(stream));
    return [...new Map(synced.map((signal) => [signal.dedupKey, signal])).values()];
  }

  /** Fails closed: a connection that was never tested knows no account, and takes nothing. */
  private verified(
    { connection, webhook, config, secrets }: Receiver,
    incoming: IncomingWebhook,
  ): ParsedDelivery {
    const verification = webhook.verify(incoming, { config, secrets }, this.parts.clock.now());
    if (!verification.ok) throw new WebhookRejectedError(verification.reason);
    if (connection.accountId === null) throw new WebhookRejectedError('untested');
    const parsed = webhook.parse(incoming);
    if (parsed.signals.some(({ account }) => account !== null && account !== connection.accountId))
      throw new WebhookRejectedError('other_account');
    return parsed;
  }
}

/** A connection that changes between two statements this often in a row is not one that people change. */
const MAX_TRIES = 5;
