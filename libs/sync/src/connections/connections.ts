import { AuthExpired, ConfigError, type Connector, ConnectorError } from '#connectors';
import { type ProjectAccess, requireProject } from '#identity';
import { uuidv7 } from '#platform';
import { ConnectionCheckFailedError } from './connection.errors.js';
import {
  type ConnectionCreateInput,
  parseMapping,
  parseSecrets,
  parseSettings,
  requireConnector,
} from './connection.input.js';
import type { Connection, SealedConnection } from './connection.js';
import type { ConnectionStore } from './connection.store.js';
import type { ConnectorSessions } from './connector-sessions.js';

/** What a check found: the account, and the secrets as they are after it (a check may have to renew them). */
interface Checked {
  readonly accountId: string;
  readonly secrets: unknown;
}

/** Adding connections and changing what they may do. */
export class Connections {
  constructor(
    private readonly store: ConnectionStore,
    private readonly sessions: ConnectorSessions,
    /** Called when a connection may work again: what waited goes on. */
    private readonly wake: (connectionId: string) => Promise<void>,
  ) {}

  /** @throws InvalidConnectionError, ConnectionCheckFailedError, ConnectionNameTakenError; then nothing is stored */
  async create(input: ConnectionCreateInput, access: ProjectAccess): Promise<Connection> {
    const projectId = input.project_id ?? null;
    requireProject(access, projectId);
    const connector = requireConnector(input.kind);
    const mapping = parseMapping(connector, input.mapping);
    parseSettings(connector, input.settings);
    const given = parseSecrets(connector, input.secrets);
    const checked = input.check ? await this.check(connector, input.settings, given) : null;
    const id = uuidv7();
    return this.store.insert({
      id,
      kind: input.kind,
      name: input.name,
      projectId,
      settings: input.settings,
      secrets: this.sessions.seal(id, checked?.secrets ?? given),
      secretsVersion: 1,
      mapping,
      mappingVersion: 1,
      everySeconds: input.every_seconds,
      status: 'active',
      statusReason: null,
      pausedUntil: null,
      accountId: checked?.accountId ?? null,
    });
  }

  list(access: ProjectAccess, name?: string): Promise<Connection[]> {
    return this.store.list(access, name);
  }

  get(id: string, access: ProjectAccess): Promise<Connection> {
    return this.store.require(id, access);
  }

  /** Asks the vendor whether the connection works, and keeps the account it belongs to. */
  async test(id: string, access: ProjectAccess): Promise<Connection> {
    const connection = await this.store.require(id, access);
    try {
      const check = await this.sessions.use(connection, (connector, context) => connector.check(context));
      if (!check.ok) throw new ConnectionCheckFailedError(connection.kind, check.detail ?? 'it said no');
      return await this.store.update(id, { accountId: check.account });
    } catch (error) {
      throw asCheckFailure(connection.kind, error);
    }
  }

  async pause(id: string, access: ProjectAccess): Promise<Connection> {
    const { status } = await this.store.require(id, access);
    if (status === 'reauthorization_required') return this.store.require(id, access);
    return this.store.update(id, { status: 'paused', statusReason: 'paused by hand' });
  }

  /** Also ends the wait for a quota, and gives secrets that were refused another chance. */
  async resume(id: string, access: ProjectAccess): Promise<Connection> {
    await this.store.require(id, access);
    return this.activate(id, {});
  }

  /** Replaces secrets name by name, checks them, and lets a connection that waited for them go on. */
  async rotate(
    id: string,
    { secrets, check }: { secrets: Record<string, unknown>; check: boolean },
    access: ProjectAccess,
  ): Promise<Connection> {
    const connection = await this.store.require(id, access);
    const connector = requireConnector(connection.kind);
    const merged = parseSecrets(connector, this.merged(connection, secrets));
    const checked = check ? await this.check(connector, connection.settings, merged) : null;
    return this.activate(id, {
      secrets: this.sessions.seal(id, checked?.secrets ?? merged),
      secretsVersion: connection.secretsVersion + 1,
      ...(checked ? { accountId: checked.accountId } : {}),
    });
  }

  async remove(id: string, access: ProjectAccess): Promise<void> {
    await this.store.require(id, access);
    await this.store.remove(id);
  }

  private async activate(id: string, changes: Parameters<ConnectionStore['update']>[1]) {
    const active = { status: 'active', statusReason: null, pausedUntil: null } as const;
    const connection = await this.store.update(id, { ...changes, ...active });
    await this.wake(id);
    return connection;
  }

  private merged(connection: SealedConnection, given: Record<string, unknown>): Record<string, unknown> {
    const held = this.sessions.secretsOf(connection) as Record<string, unknown>;
    return Object.fromEntries(Object.entries({ ...held, ...given }).filter(([, value]) => value !== null));
  }

  private async check(connector: Connector, settings: unknown, secrets: unknown): Promise<Checked> {
    const { manifest } = connector;
    try {
      const usable = await this.checkOrRenew(connector, settings, secrets);
      if (!usable.check.ok)
        throw new ConnectionCheckFailedError(manifest.id, usable.check.detail ?? 'it said no');
      return { accountId: usable.check.account, secrets: usable.secrets };
    } catch (error) {
      throw asCheckFailure(manifest.id, error);
    }
  }

  private async checkOrRenew(connector: Connector, settings: unknown, secrets: unknown) {
    const ask = (current: unknown) => connector.check(this.sessions.context(connector, settings, current));
    try {
      return { check: await ask(secrets), secrets };
    } catch (error) {
      if (!(error instanceof AuthExpired) || error.reauthorize || !connector.refreshAuth) throw error;
      const { secrets: renewed } = await connector
        .refreshAuth(this.sessions.context(connector, settings, secrets))
        // Nothing to renew it with: that the token was refused says more.
        .catch((cause: unknown) => {
          throw cause instanceof ConfigError ? error : cause;
        });
      return { check: await ask(renewed), secrets: renewed };
    }
  }
}

function asCheckFailure(kind: string, error: unknown): unknown {
  return error instanceof ConnectorError
    ? new ConnectionCheckFailedError(kind, error.message, { cause: error })
    : error;
}
