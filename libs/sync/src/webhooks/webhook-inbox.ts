import type { Signal, WebhookDelivery } from '#connectors';
import { type Clock, createLogger } from '#platform';
import { type Queues, QueueUnavailableError } from '#queue';
import { ConnectionNotFoundError } from '../connections/connection.errors.js';
import { parseSettings, requireConnector } from '../connections/connection.input.js';
import { type SealedConnection, streamsOf } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import { enqueueRecords } from '../sync.jobs.js';
import type { DeliveryStore } from './delivery.store.js';
import { WebhookRefusedError } from './webhook.errors.js';

/** What arrived at `POST /v1/webhooks/{kind}/{connection_id}`. */
export interface IncomingWebhook extends WebhookDelivery {
  readonly kind: string;
  readonly connectionId: string;
}

/** Verifies a delivery, keeps each of its signals once, and leaves the fetching to a job. */
export class WebhookInbox {
  private readonly log = createLogger('webhook-inbox');

  constructor(
    private readonly parts: {
      readonly connections: ConnectionStore;
      readonly sessions: ConnectorSessions;
      readonly deliveries: DeliveryStore;
      readonly queues: Queues;
      readonly clock: Clock;
    },
  ) {}

  /**
   * Answers how many signals were new.
   * @throws ConnectionNotFoundError, WebhookRefusedError, InvalidDelivery; then nothing is kept
   */
  async receive(incoming: IncomingWebhook): Promise<number> {
    const { connections, deliveries } = this.parts;
    const connection = await connections.find(incoming.connectionId);
    if (connection?.kind !== incoming.kind) throw new ConnectionNotFoundError(incoming.connectionId);
    const signals = this.verified(connection, incoming);
    const streams = streamsOf(connection);
    const wanted = onePerKey(signals.filter(({ stream }) => streams.includes(stream)));
    if (wanted.length === 0) return 0;
    const stored = await deliveries.insert(connection.id, wanted);
    if (stored > 0) await this.announce(connection.id);
    return stored;
  }

  /** Fails closed: a connection that was never tested knows no account, and takes nothing. */
  private verified(connection: SealedConnection, incoming: IncomingWebhook): readonly Signal[] {
    const connector = requireConnector(connection.kind);
    const { webhook } = connector;
    if (!webhook) throw new ConnectionNotFoundError(connection.id);
    const config = parseSettings(connector, connection.settings);
    const secrets = this.parts.sessions.secretsOf(connection);
    const verdict = webhook.verify(incoming, { config, secrets }, this.parts.clock.now());
    if (!verdict.ok) throw new WebhookRefusedError(verdict.reason);
    const { signals, rejected } = webhook.parse(incoming.rawBody);
    if (signals.some(({ account }) => account !== connection.accountId))
      throw new WebhookRefusedError('other_account');
    if (rejected.length > 0)
      this.log.warn({ connection: connection.id, events: rejected.length }, 'unreadable events in a webhook');
    return signals;
  }

  /** The signals are safe in PostgreSQL: when the queue does not answer, the sweep finds them. */
  private async announce(connectionId: string): Promise<void> {
    try {
      await enqueueRecords(this.parts.queues, connectionId);
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      this.log.warn({ connection: connectionId, code: error.code }, 'webhook kept, but not announced');
    }
  }
}

/** One statement must not meet one key twice. */
const onePerKey = (signals: readonly Signal[]): Signal[] => [
  ...new Map(signals.map((signal) => [signal.dedupKey, signal])).values(),
];
