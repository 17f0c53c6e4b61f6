import { AuthExpired, ConfigError, type Connector } from '#connectors';
import { type ProjectAccess, requireProject } from '#identity';
import { uuidv7 } from '#platform';
import type { BudgetFor } from '../budgets/call-budgets.js';
import { ConnectionCheckFailedError, InvalidConnectionError } from './connection.errors.js';
import {
  type ConnectionCreateInput,
  type ConnectionPatchInput,
  DEFAULT_EVERY_SECONDS,
  parseMapping,
  parseSecrets,
  parseSettings,
  requireConnector,
} from './connection.input.js';
import type { Connection, SealedConnection } from './connection.js';
import { patchConnection } from './connection.patch.js';
import type { ConnectionStore, MappingVersion } from './connection.store.js';
import { DEFAULT_POLICIES } from './connection-policies.js';
import type { ConnectorSessions } from './connector-sessions.js';
import { nextRunAt, requireSchedule } from './schedule.js';
import { compareSecrets, givenSecrets, type SecretComparison, withNames } from './secret-fingerprints.js';

/** What a check found: the account, and the secrets as they are after it (a check may have to renew them). */
interface Checked {
  readonly accountId: string;
  readonly secrets: unknown;
}

/** Credentials and settings that are tried before they are kept. */
interface Trial {
  readonly connector: Connector;
  readonly settings: unknown;
  readonly secrets: unknown;
  /** Whose call budget it counts in; without one, credentials can be tried although nothing is left. */
  readonly payer?: BudgetFor['connection'];
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
  async create(input: ConnectionCreateInput, access: ProjectAccess, actor = 'unknown'): Promise<Connection> {
    const projectId = input.project_id ?? null;
    requireProject(access, projectId);
    const connector = requireConnector(input.kind);
    const mapping = await parseMapping(connector, input.mapping);
    const schedule = requireSchedule(scheduleOf(input));
    parseSettings(connector, input.settings);
    const given = parseSecrets(connector, input.secrets);
    const id = uuidv7();
    const policies = input.policies ?? DEFAULT_POLICIES;
    const checked = input.check
      ? await this.check({ connector, settings: input.settings, secrets: given, payer: { id, policies } })
      : null;
    const connection = {
      id,
      kind: input.kind,
      name: input.name,
      projectId,
      settings: input.settings,
      secrets: this.sessions.seal(id, checked?.secrets ?? given),
      secretsVersion: 1,
      mapping,
      mappingVersion: 1,
      ...schedule,
      nextRunAt: nextRunAt(schedule, await this.store.now()),
      policies,
      status: 'active' as const,
      statusReason: null,
      pausedUntil: null,
      accountId: checked?.accountId ?? null,
      secretFingerprints: this.sessions.fingerprints(id, givenSecrets(input.secrets)),
    };
    return this.store.insert(connection, actor);
  }

  /** Changes what is named and leaves the rest. What follows from a new mapping: see {@link ConnectionStore.change}. */
  async patch(
    id: string,
    patch: ConnectionPatchInput,
    access: ProjectAccess,
    actor = 'unknown',
  ): Promise<Connection> {
    const held = await this.store.require(id, access);
    const connector = requireConnector(held.kind);
    const wanted = { patch, restored: await this.restoredMapping(id, patch) };
    const planned = await patchConnection(connector, held, wanted, await this.store.now());
    if (patch.check && planned.settings !== undefined) await this.checkSettings(held, planned.settings);
    const changed = await this.store.change({ id, access, actor }, (connection, now) =>
      patchConnection(connector, connection, wanted, now),
    );
    if (changed.mappingVersion !== held.mappingVersion) await this.wake(id);
    return changed;
  }

  /** Newest first. */
  async mappingVersions(id: string, access: ProjectAccess): Promise<MappingVersion[]> {
    await this.store.require(id, access);
    return this.store.mappingVersions(id);
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
      throw ConnectionCheckFailedError.of(connection.kind, error);
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
    const checked = check
      ? await this.check({ connector, settings: connection.settings, secrets: merged })
      : null;
    if (checked) requireSameAccount(connection, checked.accountId);
    const fresh = this.sessions.fingerprints(id, givenSecrets(secrets));
    return this.activate(id, {
      secretFingerprints: withNames(connection.secretFingerprints, fresh, secrets),
      secrets: this.sessions.seal(id, checked?.secrets ?? merged),
      secretsVersion: connection.secretsVersion + 1,
      ...(checked ? { accountId: checked.accountId } : {}),
    });
  }

  /** Which of these secrets the connection was given already; nothing is changed. */
  async compareSecrets(
    id: string,
    secrets: Record<string, unknown>,
    access: ProjectAccess,
  ): Promise<Record<string, SecretComparison>> {
    const { secretFingerprints } = await this.store.require(id, access);
    return compareSecrets(givenSecrets(secrets), secretFingerprints, (name, text, print) =>
      this.sessions.hasFingerprint(id, name, text, print),
    );
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

  private async restoredMapping(id: string, { mapping_version }: ConnectionPatchInput) {
    if (mapping_version === undefined) return undefined;
    return (await this.store.mappingVersion(id, mapping_version)).mapping;
  }

  private async checkSettings(connection: SealedConnection, settings: unknown): Promise<void> {
    try {
      const check = await this.sessions.use({ ...connection, settings }, (connector, context) =>
        connector.check(context),
      );
      if (!check.ok) throw new ConnectionCheckFailedError(connection.kind, check.detail ?? 'it said no');
      requireSameAccount(connection, check.account);
    } catch (error) {
      throw ConnectionCheckFailedError.of(connection.kind, error);
    }
  }

  private merged(connection: SealedConnection, given: Record<string, unknown>): Record<string, unknown> {
    const held = this.sessions.secretsOf(connection) as Record<string, unknown>;
    return Object.fromEntries(Object.entries({ ...held, ...given }).filter(([, value]) => value !== null));
  }

  private async check(trial: Trial): Promise<Checked> {
    const { descriptor } = trial.connector;
    try {
      const usable = await this.checkOrRenew(trial);
      if (!usable.check.ok)
        throw new ConnectionCheckFailedError(descriptor.id, usable.check.detail ?? 'it said no');
      return { accountId: usable.check.account, secrets: usable.secrets };
    } catch (error) {
      throw ConnectionCheckFailedError.of(descriptor.id, error);
    }
  }

  private async checkOrRenew({ connector, settings, secrets, payer }: Trial) {
    const ask = (current: unknown) => {
      const context = this.sessions.context(connector, settings, current);
      // For somebody who waits, as webhooks do: what polling may not use is there for it.
      const pays = payer && { connection: payer, connector, purpose: 'webhook' as const };
      return connector.check(pays ? this.sessions.counted(context, pays) : context);
    };
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

/** The links are to records of one account: in another one the same ids are other people. */
function requireSameAccount({ accountId }: Connection, found: string): void {
  if (accountId !== null && accountId !== found)
    throw new InvalidConnectionError(
      'That is another account than the one this connection mirrors; add a connection for it',
    );
}

const scheduleOf = ({ every_seconds, cron = null, time_zone = 'UTC' }: ConnectionCreateInput) => ({
  everySeconds: every_seconds === undefined ? (cron === null ? DEFAULT_EVERY_SECONDS : null) : every_seconds,
  cron,
  timeZone: time_zone,
});
