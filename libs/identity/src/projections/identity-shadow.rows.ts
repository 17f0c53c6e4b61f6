import type { PoolClient } from '#platform';
import { type IdentityRow, stateOf } from './identity.row.js';
import { SHADOW } from './identity-shadow.tables.js';
import { filterable } from './property-changes.js';

/** Makes these rows all there is of these identities. First all go, then all come: keys may have changed hands. */
export async function replaceRows(
  client: PoolClient,
  identityIds: readonly string[],
  rows: readonly IdentityRow[],
): Promise<void> {
  await client.query(`delete from ${SHADOW}.identities where id = any($1)`, [identityIds]);
  await client.query(`delete from ${SHADOW}.identity_properties where identity_id = any($1)`, [identityIds]);
  await insert(client, 'identities', rows);
  await insert(client, 'identity_properties', rows.flatMap(propertyRows));
}

/** Adds the identities whose rows differ from the live ones to the table of differences. */
export async function recordDifferences(client: PoolClient, identityIds?: readonly string[]): Promise<void> {
  await client.query(
    `insert into ${SHADOW}.differences
      ${differing('identities', ['id'])} union ${differing('identity_properties', ['identity_id', 'key'])}
      on conflict do nothing`,
    [identityIds],
  );
}

const insert = async (client: PoolClient, table: string, rows: readonly object[]): Promise<void> => {
  await client.query(
    `insert into ${SHADOW}.${table} select * from jsonb_populate_recordset(null::${SHADOW}.${table}, $1)`,
    [JSON.stringify(rows)],
  );
};

const propertyRows = (row: IdentityRow) =>
  [...filterable(stateOf(row))].map(([key, value]) => ({
    identity_id: row.id,
    key,
    value,
    created_position: row.created_position,
  }));

function differing(table: string, [id, ...others]: readonly [string, ...string[]]): string {
  const rows = (schema: string) =>
    `(select * from ${schema}.${table} where $1::uuid[] is null or ${id} = any($1))`;
  return `select coalesce(live.${id}, rebuilt.${id})
    from ${rows('public')} live full join ${rows(SHADOW)} rebuilt using (${[id, ...others].join(', ')})
    where live.${id} is null or rebuilt.${id} is null or row(live.*) is distinct from row(rebuilt.*)`;
}
