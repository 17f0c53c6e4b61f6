import { withConnection } from '../database/connection.js';
import { longWork } from '../database/connection-config.js';
import type { PoolClient } from '../database/pool.js';
import { quoteLiteral } from '../database/quoting.js';
import { DATABASE, OWNER, rolePassword, SERVICE, superuserUrl } from './server-urls.js';

/**
 * Makes the service's database and its two roles, neither a superuser: one owns the schema, the other serves requests
 * with what the first grants it. Repeated at every start, so that one that was killed half way is completed, and so that
 * data of former versions, which all belonged to the superuser, changes hands.
 */
export async function ensureRoles(port: number, password: string): Promise<void> {
  await asSuperuser(superuserUrl(port, password), async (client) => {
    for (const role of [OWNER, SERVICE]) await ensureRole(client, role, rolePassword(password, role));
    await ensureDatabase(client);
  });
  await asSuperuser(superuserUrl(port, password, DATABASE), handOver);
}

const asSuperuser = (url: string, work: (client: PoolClient) => Promise<void>) =>
  withConnection({ url, name: 'rollcall-setup', ...longWork }, work);

async function ensureRole(client: PoolClient, role: string, password: string): Promise<void> {
  const { rows } = await client.query('select from pg_roles where rolname = $1', [role]);
  if (rows.length === 0) await client.query(`create role ${role}`);
  const rights = 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';
  await client.query(`alter role ${role} ${rights} password ${quoteLiteral(password)}`);
}

/** Connections alone: the queue's bulk inserts want temporary tables, which PUBLIC may make anyway. */
async function ensureDatabase(client: PoolClient): Promise<void> {
  const { rows } = await client.query('select from pg_database where datname = $1', [DATABASE]);
  if (rows.length === 0) await client.query(`create database ${DATABASE} owner ${OWNER}`);
  await client.query(`alter database ${DATABASE} owner to ${OWNER}`);
  await client.query(`grant connect, temporary on database ${DATABASE} to ${SERVICE}`);
}

/** One transaction, which locks nothing when there is nothing to hand over. */
async function handOver(client: PoolClient): Promise<void> {
  await client.query('begin');
  const { rows } = await client.query<{ statement: string }>(SUPERUSERS_OBJECTS, [OWNER]);
  for (const { statement } of rows) await client.query(statement);
  await client.query('commit');
}

/**
 * What the superuser has in schemas that are not the system's. Left out is what follows something else: a sequence its
 * column, a row type its table, an array its element, and the members of an extension, which stay with it.
 */
const SUPERUSERS_OBJECTS = `
  with me as (select oid from pg_roles where rolname = current_user),
       ours as (select oid, nspowner from pg_namespace
                 where nspname !~ '^pg_' and nspname <> 'information_schema'),
       theirs (class, id) as (
         select 'pg_namespace'::regclass, oid from ours where nspowner = (table me)
         union all
         select 'pg_class'::regclass, oid from pg_class
          where relnamespace in (select oid from ours) and relowner = (table me)
            and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
            and not (relkind = 'S' and exists (select from pg_depend d where d.objid = pg_class.oid
                       and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
         union all
         select 'pg_proc'::regclass, oid from pg_proc
          where pronamespace in (select oid from ours) and proowner = (table me)
         union all
         select 'pg_type'::regclass, t.oid from pg_type t left join pg_class c on c.oid = t.typrelid
          where typnamespace in (select oid from ours) and typowner = (table me)
            and typtype in ('b', 'c', 'd', 'e', 'r') and coalesce(c.relkind, 'c') = 'c'
            and not exists (select from pg_type e where e.typarray = t.oid))
  select format('alter %s %s owner to %I', o.type, o.identity, $1::text) as statement
    from theirs cross join lateral pg_identify_object(class, id, 0) o
   where not exists (select from pg_depend d where d.classid = theirs.class and d.objid = theirs.id
                        and d.deptype = 'e')
   order by class <> 'pg_namespace'::regclass, o.identity`;
