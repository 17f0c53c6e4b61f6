import { AuthExpired, type Connector, type ConnectorContext, type NetworkPolicy } from '#connectors';
import { type Clock, inTransaction, type Pool, type PoolClient, type SecretBox } from '#platform';
import type { BudgetFor, CallBudgets, CallPurpose } from '../budgets/call-budgets.js';
import { ReauthorizationRequiredError } from './connection.errors.js';
import { parseSecrets, parseSettings, requireConnector } from './connection.input.js';
import type { SealedConnection } from './connection.js';

export type ConnectorWork<T> = (
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
) => Promise<T>;

export interface SessionParts {
  readonly pool: Pool;
  readonly secretBox: SecretBox;
  readonly network: NetworkPolicy;
  readonly clock: Clock;
  /** Absent: nobody counts calls. */
  readonly budgets?: CallBudgets;
}

/** Binds a connection's sealed secrets to its row. */
export const secretsPlace = (connectionId: string): string => `connection:${connectionId}`;

/** Speaks to a vendor in the name of a connection, and renews its access when that has run out. */
export class ConnectorSessions {
  constructor(private readonly parts: SessionParts) {}

  /**
   * Runs `work`; when the vendor no longer takes the token, gets a new one and runs it once more.
   * @throws ReauthorizationRequiredError after the connection was marked so
   */
  async use<T>(
    connection: SealedConnection,
    work: ConnectorWork<T>,
    signal?: AbortSignal,
    purpose: CallPurpose = 'polling',
  ): Promise<T> {
    const connector = requireConnector(connection.kind);
    const attempt = (secrets: unknown) => {
      const context = this.context(connector, connection.settings, secrets, signal);
      return work(connector, this.counted(context, { connection, connector, purpose }));
    };
    try {
      return await attempt(this.secretsOf(connection));
    } catch (error) {
      await this.parts.budgets?.heed(connection.id, error);
      if (!(error instanceof AuthExpired)) throw error;
      const renewed = await this.renewed(connection, connector, error);
      return await attempt(renewed).catch(async (again: unknown) => {
        throw again instanceof AuthExpired ? await this.requireReauthorization(connection, again) : again;
      });
    }
  }

  /** The context whose calls are taken out of the connection's budget. */
  counted(
    context: ConnectorContext<unknown, unknown>,
    payer: Omit<BudgetFor, 'context'>,
  ): ConnectorContext<unknown, unknown> {
    const budget = this.parts.budgets?.budgetOf({ ...payer, context });
    return budget ? { ...context, budget } : context;
  }

  /** How far apart the calls for the connection's webhooks have to be for its budget to last. */
  async webhookSpacingMs(connection: SealedConnection): Promise<number> {
    const connector = requireConnector(connection.kind);
    const context = { config: parseSettings(connector, connection.settings) };
    return (await this.parts.budgets?.spacingMs({ connection, connector, context })) ?? 0;
  }

  context(
    connector: Connector,
    settings: unknown,
    secrets: unknown,
    signal?: AbortSignal,
  ): ConnectorContext<unknown, unknown> {
    const { network, clock } = this.parts;
    const config = parseSettings(connector, settings);
    return { config, secrets, network, now: () => clock.now(), ...(signal ? { signal } : {}) };
  }

  secretsOf({ id, kind, secrets }: SealedConnection): unknown {
    const opened = this.parts.secretBox.open(secrets, secretsPlace(id));
    return parseSecrets(requireConnector(kind), JSON.parse(opened.toString('utf8')));
  }

  seal(connectionId: string, secrets: unknown): Buffer {
    return this.parts.secretBox.seal(JSON.stringify(secrets), secretsPlace(connectionId));
  }

  /** Of each secret, by its name. */
  fingerprints(connectionId: string, secrets: ReadonlyMap<string, string>): Record<string, string> {
    const { secretBox } = this.parts;
    return Object.fromEntries(
      [...secrets].map(([name, text]) => [name, secretBox.fingerprint(text, placeOf(connectionId, name))]),
    );
  }

  hasFingerprint(connectionId: string, name: string, text: string, fingerprint: string): boolean {
    return this.parts.secretBox.hasFingerprint(text, placeOf(connectionId, name), fingerprint);
  }

  /** One refresh at a time: the row's lock makes the others wait, and they find the new secrets there. */
  private async renewed(connection: SealedConnection, connector: Connector, cause: AuthExpired) {
    try {
      return await inTransaction(this.parts.pool, (client) =>
        this.renew(client, connection, connector, cause),
      );
    } catch (error) {
      throw isHopeless(error) ? await this.requireReauthorization(connection, error) : error;
    }
  }

  private async renew(
    client: PoolClient,
    connection: SealedConnection,
    connector: Connector,
    cause: AuthExpired,
  ): Promise<unknown> {
    const { rows } = await client.query<{ secrets: Buffer; secrets_version: number }>(
      'select secrets, secrets_version from connections where id = $1 for update',
      [connection.id],
    );
    const [row] = rows;
    if (!row) throw new ReauthorizationRequiredError('it was removed');
    const secrets = this.secretsOf({ ...connection, secrets: row.secrets });
    if (row.secrets_version !== connection.secretsVersion) return secrets;
    if (cause.reauthorize || !connector.refreshAuth) throw new ReauthorizationRequiredError(cause.message);
    const refreshed = await connector.refreshAuth(this.context(connector, connection.settings, secrets));
    // Kept before it is used: a vendor that rotates refresh tokens takes the old one never again.
    await client.query(
      'update connections set secrets = $2, secrets_version = secrets_version + 1, updated_at = now() where id = $1',
      [connection.id, this.seal(connection.id, refreshed.secrets)],
    );
    return refreshed.secrets;
  }

  private async requireReauthorization(connection: SealedConnection, cause: Error): Promise<Error> {
    await this.parts.pool.query(
      `update connections set status = 'reauthorization_required', status_reason = $2, updated_at = now()
       where id = $1 and status = 'active'`,
      [connection.id, cause.message],
    );
    return cause instanceof ReauthorizationRequiredError
      ? cause
      : new ReauthorizationRequiredError(cause.message, { cause });
  }
}

const placeOf = (connectionId: string, name: string): string => `${secretsPlace(connectionId)}:${name}`;

/** The vendor says no for good, or there is nothing to refresh with. */
function isHopeless(error: unknown): error is Error {
  const { code } = error as { code?: string };
  return code === 'AUTH_EXPIRED' || code === 'CONFIG_ERROR' || code === 'REAUTHORIZATION_REQUIRED';
}
