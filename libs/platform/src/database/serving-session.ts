import { createLogger } from '../logging/logger.js';
import type { BoundedClient } from './bounded-client.js';
import { withConnection } from './connection.js';
import { currentRole, grantUse, ONE_AT_A_TIME, serviceGrants } from './grants.js';
import type { PoolClient } from './pool.js';
import { PoolerUnannouncedError, SessionUnreliableError, StandbyError } from './serving-session.errors.js';
import { sessionSettings } from './session-settings.js';

/** The two ways to one database. */
export interface DatabaseUrls {
  /** By which requests are served; through a pooler when `pooled`. */
  readonly url: string;
  /** Of the schema's owner, and never through a pooler. The same as `url` where there is one role and no pooler. */
  readonly ownerUrl: string;
  readonly pooled: boolean;
}

const log = () => createLogger('database');

/**
 * Prepares the role that serves requests, by the owner's connection: grants, and behind a pooler, where a session's
 * start sets nothing, the settings as the role's own defaults. Run after the migrations.
 * @returns the serving role's name when it is another one than the owner
 */
export async function prepareServingRole(database: DatabaseUrls): Promise<string | undefined> {
  const role = await withConnection({ ...database, name: 'rollcall-start' }, currentRole);
  const grantedTo = await withConnection(
    { url: database.ownerUrl, name: 'rollcall-start' },
    async (owner) => {
      if ((await currentRole(owner)) === role) return undefined;
      await grantUse(owner, role, serviceGrants);
      return role;
    },
  );
  if (database.pooled) await keepSettingsInRole(database, role);
  return grantedTo;
}

/** The owner may change the role's defaults only where it administers roles; the role itself always may. */
async function keepSettingsInRole({ url, ownerUrl }: DatabaseUrls, role: string): Promise<void> {
  const missing = async (client: PoolClient) => (await unlike(client)).length > 0;
  if (!(await withConnection({ url, pooled: true, name: 'rollcall-start' }, missing))) return;
  const keep = (client: BoundedClient & PoolClient) => setDefaults(client, role);
  await withConnection({ url: ownerUrl, name: 'rollcall-start' }, keep).catch(
    async (error: { code?: string }) => {
      if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      await withConnection({ url, pooled: true, name: 'rollcall-start' }, keep);
    },
  );
}

const INSUFFICIENT_PRIVILEGE = '42501';

async function setDefaults(client: BoundedClient & PoolClient, role: string): Promise<void> {
  const { rows } = await client.query<{ database: string }>('select current_database() as database');
  const of = `role ${client.escapeIdentifier(role)} in database ${client.escapeIdentifier(rows[0]?.database ?? '')}`;
  const statements = Object.entries(sessionSettings).map(
    ([name, value]) =>
      `alter ${of} set ${name} = ${name === 'search_path' ? value : client.escapeLiteral(value)}`,
  );
  await client.query(`begin; ${ONE_AT_A_TIME}; ${statements.join('; ')}; commit`);
}

/**
 * Looks, by the very way requests take, whether a session is what we rely on, and says what an operator would want to
 * know: one role for everything, a server that acknowledges before it has written.
 * @throws PoolerUnannouncedError, SessionUnreliableError, StandbyError
 */
export async function verifyServing(database: DatabaseUrls): Promise<void> {
  await withConnection({ ...database, name: 'rollcall-start' }, async (client) => {
    const pooler = await looksPooled(client);
    const different = await unlike(client);
    if (pooler && !database.pooled) throw new PoolerUnannouncedError(different);
    if (different.length > 0) throw new SessionUnreliableError(different, database.pooled);
    const { rows } = await client.query<Facts>(FACTS);
    const facts = rows[0] as Facts;
    if (facts.standby) throw new StandbyError();
    if (facts.owner) log().info({ role: facts.role }, ONE_ROLE);
    if (facts.synchronous === 'off') log().warn({ synchronous_commit: 'off' }, UNSAFE_COMMIT);
  });
}

interface Facts {
  readonly standby: boolean;
  readonly role: string;
  /** May disable the trigger that keeps the log append-only. */
  readonly owner: boolean;
  readonly synchronous: string;
}

const FACTS = `
  select pg_is_in_recovery() as standby, current_user::text as role, current_setting('synchronous_commit') as synchronous,
    pg_has_role(c.relowner, 'usage') as owner
  from pg_class c where c.oid = 'es.events'::regclass`;

const ONE_ROLE =
  'requests are served by a role that owns the tables, and could switch off what keeps the log append-only; ' +
  'a second role for them (ROLLCALL_DATABASE_DIRECT_URL names the owner) cannot';
const UNSAFE_COMMIT =
  'synchronous_commit is off: PostgreSQL acknowledges what a crash can lose; switch it on for this database';

/** A pooler makes up the numbers by which a session is cancelled; the server itself tells its process id. */
async function looksPooled(client: BoundedClient & PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid !== (client as unknown as { processID: number }).processID;
}

/** The settings that are not as we rely on them, as `name = value`. */
async function unlike(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    'select name, setting from pg_settings where lower(name) = any($1)',
    [Object.keys(sessionSettings)],
  );
  return rows
    .filter(({ name, setting }) => sessionSettings[name.toLowerCase()] !== setting)
    .map(({ name, setting }) => `${name} = ${setting}`);
}
