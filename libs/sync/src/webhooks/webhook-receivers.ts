import type { Connector } from '#connectors';
import type { MonotonicClock, Pool } from '#platform';
import { parseSettings, requireConnector } from '../connections/connection.input.js';
import type { Connection } from '../connections/connection.js';
import type { ConnectionStore } from '../connections/connection.store.js';
import type { ConnectorSessions } from '../connections/connector-sessions.js';
import { rowVersion } from '../connections/row-version.js';

/** Everything that a webhook is judged by, opened and parsed. */
export interface Receiver {
  readonly connection: Connection;
  readonly webhook: NonNullable<Connector['webhook']>;
  readonly config: unknown;
  readonly secrets: unknown;
  /** The version of the connection's row that this was read from. */
  readonly rowVersion: string;
  /** Kept from an earlier webhook: the connection may have changed since. */
  readonly kept: boolean;
}

/** How long opened secrets stay in memory; not how long old ones are trusted (see WebhookInbox). */
const KEPT_MS = 60_000;

/** The receivers of connections, kept for a while: opening secrets and parsing settings is most of a webhook's cost. */
export class WebhookReceivers {
  private readonly receivers = new Map<string, Receiver & { readonly until: number }>();

  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly connections: ConnectionStore;
      readonly sessions: ConnectorSessions;
      readonly clock: MonotonicClock;
    },
  ) {}

  /** As it was kept, else as it is; null when there is no such connection, or it takes no webhooks. */
  async of(connectionId: string): Promise<Receiver | null> {
    const kept = this.receivers.get(connectionId);
    if (kept && kept.until > this.now()) return kept;
    return this.fresh(connectionId);
  }

  /** As it is. */
  async fresh(connectionId: string): Promise<Receiver | null> {
    this.receivers.delete(connectionId);
    // First the version, then the row: a change in between makes what is kept look too old, never too new.
    const rowVersion = await this.versionOf(connectionId);
    const connection = rowVersion === undefined ? null : await this.parts.connections.find(connectionId);
    if (rowVersion === undefined || !connection) return null;
    const connector = requireConnector(connection.kind);
    const { webhook } = connector;
    if (!webhook) return null;
    const config = parseSettings(connector, connection.settings);
    const secrets = this.parts.sessions.secretsOf(connection);
    const receiver = { connection, webhook, config, secrets, rowVersion };
    this.receivers.set(connectionId, { ...receiver, kept: true, until: this.now() + KEPT_MS });
    return { ...receiver, kept: false };
  }

  private async versionOf(connectionId: string): Promise<string | undefined> {
    const { rows } = await this.parts.pool.query<{ version: string }>({
      name: 'connection_row_version',
      text: `select ${rowVersion('connections')} as version from connections where id = $1`,
      values: [connectionId],
    });
    return rows[0]?.version;
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}
