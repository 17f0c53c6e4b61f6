import type { PoolClient } from '#platform';

/** The schema the new tables are built in; it exists during a rebuild only. */
export const SHADOW = 'identities_rebuild';

export const TABLES = ['identities', 'identity_properties'] as const;

/** Tables like the live ones, with their primary keys alone: what a fill needs. */
export async function createTables(client: PoolClient): Promise<void> {
  for (const table of TABLES) {
    await client.query(
      `create table ${SHADOW}.${table} (like public.${table} including all excluding indexes)`,
    );
    await runAll(client, PRIMARY_KEY, table);
    await runAll(client, STORAGE_AND_RIGHTS, table);
  }
  await client.query(`create table ${SHADOW}.differences (id uuid primary key)`);
}

/** The other indexes under their live names, which a schema of its own allows. */
export async function indexTables(client: PoolClient): Promise<void> {
  for (const table of TABLES) {
    await runAll(client, INDEXES, table);
    await client.query(`vacuum (analyze) ${SHADOW}.${table}`);
  }
}

/** Puts the new tables in the place of the live ones. Runs where both are locked. */
export async function swapTables(client: PoolClient): Promise<void> {
  for (const table of TABLES) {
    await client.query(`drop table public.${table}; alter table ${SHADOW}.${table} set schema public`);
  }
}

/** Runs the statements that a query makes out of the live table's catalog entry. */
async function runAll(client: PoolClient, query: string, table: string): Promise<void> {
  const { rows } = await client.query<{ ddl: string }>(query, [`public.${table}`, `${SHADOW}.${table}`]);
  for (const { ddl } of rows) await client.query(ddl);
}

const PRIMARY_KEY = `
  select format('alter table %s add constraint %I %s', $2::text, conname, pg_get_constraintdef(oid)) as ddl
  from pg_constraint where conrelid = $1::regclass and contype = 'p'`;

const INDEXES = `
  select replace(pg_get_indexdef(indexrelid), format(' ON %s ', $1::text), format(' ON %s ', $2::text)) as ddl
  from pg_index where indrelid = $1::regclass and not indisprimary`;

/** What `create table … (like …)` leaves out. */
const STORAGE_AND_RIGHTS = `
  select format('alter table %s owner to %I', $2::text, pg_get_userbyid(relowner)) as ddl
    from pg_class where oid = $1::regclass
  union all
  select format('alter table %s set (%s)', $2::text, array_to_string(reloptions, ', '))
    from pg_class where oid = $1::regclass and reloptions is not null
  union all
  select format('grant %s on %s to %s', privilege_type, $2::text,
      case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
    from pg_class, aclexplode(relacl) where pg_class.oid = $1::regclass`;
