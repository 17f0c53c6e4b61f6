import type { Pool, PoolClient } from '#platform';
import type { KeyHold, Link } from './link.js';

/** The stream of a connection that links, outcomes and quarantined records belong to. */
export interface TableKey {
  readonly connectionId: string;
  readonly stream: string;
}

/** A live link of an identity, seen from the identity. */
export interface Binding {
  readonly identityId: string;
  readonly connectionId: string;
  readonly record: string;
}

type Executor = Pool | PoolClient;

export async function linksOf(
  executor: Executor,
  { connectionId, stream }: TableKey,
  externalIds: readonly string[],
): Promise<Link[]> {
  const { rows } = await executor.query<LinkRow>({
    name: 'links_of',
    text: `select l.* from unnest($3::text[]) as r(id), lateral (select * from links
      where connection_id = $1 and stream = $2 and external_id = r.id offset 0) as l`,
    values: [connectionId, stream, externalIds],
  });
  return rows.map(toLink);
}

export async function bindingsOf(executor: Executor, identityIds: readonly string[]): Promise<Binding[]> {
  const { rows } = await executor.query<BindingRow>({
    name: 'link_bindings',
    text: `select identity_id, connection_id, stream, external_id from links
      where identity_id = any($1::uuid[]) and tombstoned_at is null and merged_into is null`,
    values: [identityIds],
  });
  return rows.map((row) => ({
    identityId: row.identity_id,
    connectionId: row.connection_id,
    record: bindingName(row.stream, row.external_id),
  }));
}

export const bindingName = (stream: string, externalId: string): string => `${stream}/${externalId}`;

/** Writes links as they are now; `runId` marks them as seen by a run. */
export async function saveLinks(
  executor: Executor,
  { connectionId, stream }: TableKey,
  runId: string,
  links: readonly Link[],
): Promise<void> {
  if (links.length === 0) return;
  await executor.query({
    name: 'links_save',
    text: SAVE,
    values: [
      connectionId,
      stream,
      runId,
      links.map(({ externalId }) => externalId),
      links.map(({ identityId }) => identityId),
      links.map(({ sourceUpdatedAt }) => sourceUpdatedAt),
      links.map(({ contentHash }) => contentHash),
      links.map(({ seenAt }) => seenAt),
      links.map(({ tombstonedAt }) => tombstonedAt),
      links.map(({ mergedInto }) => mergedInto),
      links.map(({ hold }) => hold?.key ?? null),
      links.map(({ hold }) => hold?.insteadOf ?? null),
      links.map(({ fingerprint }) => fingerprint),
    ],
  });
}

const SAVE = `
  insert into links (connection_id, stream, last_seen_run, external_id, identity_id, source_updated_at,
    content_hash, seen_at, tombstoned_at, merged_into, held_key, held_instead_of, fingerprint)
  select $1, $2, $3, l.* from unnest($4::text[], $5::uuid[], $6::timestamptz[], $7::bytea[], $8::timestamptz[],
    $9::timestamptz[], $10::text[], $11::text[], $12::text[],
    $13::bytea[]) as l
  on conflict (connection_id, stream, external_id) do update set
    last_seen_run = excluded.last_seen_run, identity_id = excluded.identity_id,
    source_updated_at = excluded.source_updated_at, content_hash = excluded.content_hash,
    seen_at = excluded.seen_at, tombstoned_at = excluded.tombstoned_at, merged_into = excluded.merged_into,
    held_key = excluded.held_key, held_instead_of = excluded.held_instead_of, fingerprint = excluded.fingerprint`;

/** An identity that ended in another one: whatever mirrored it mirrors that one from now on. */
export interface IdentityMove {
  readonly from: string;
  readonly into: string;
  /** What the records that move along say about their key no longer counts. */
  readonly hold: KeyHold | null;
}

/**
 * Moves the links of every connection. Waits for the other connections' turns: a batch of theirs that is under way
 * has decided about the identity that ends.
 */
export async function moveLinks(
  client: PoolClient,
  connectionId: string,
  moves: readonly IdentityMove[],
): Promise<void> {
  if (moves.length === 0) return;
  const { rows } = await client.query<{ connection_id: string }>(
    `select distinct connection_id from links where identity_id = any($1::uuid[]) and connection_id <> $2
     order by connection_id`,
    [moves.map(({ from }) => from), connectionId],
  );
  for (const row of rows) await takeTurn(client, row.connection_id);
  for (const { from, into, hold } of moves)
    await client.query(
      `update links set identity_id = $2, content_hash = null, held_key = $3, held_instead_of = $4
       where identity_id = $1`,
      [from, into, hold?.key ?? null, hold?.insteadOf ?? null],
    );
}

/** Until the transaction ends, no other batch of the connection is decided. */
export function takeTurn(client: PoolClient, connectionId: string): Promise<unknown> {
  return client.query({
    name: 'sync_turn',
    text: `select pg_advisory_xact_lock(hashtextextended('sync:' || $1::text, 0))`,
    values: [connectionId],
  });
}

interface LinkRow {
  readonly external_id: string;
  readonly identity_id: string;
  readonly source_updated_at: Date | null;
  readonly content_hash: Buffer | null;
  readonly seen_at: Date;
  readonly tombstoned_at: Date | null;
  readonly merged_into: string | null;
  readonly held_key: string | null;
  readonly held_instead_of: string | null;
  readonly fingerprint: Buffer | null;
}

interface BindingRow {
  readonly identity_id: string;
  readonly connection_id: string;
  readonly stream: string;
  readonly external_id: string;
}

const toLink = (row: LinkRow): Link => ({
  externalId: row.external_id,
  identityId: row.identity_id,
  sourceUpdatedAt: row.source_updated_at,
  contentHash: row.content_hash,
  fingerprint: row.fingerprint,
  seenAt: row.seen_at,
  tombstonedAt: row.tombstoned_at,
  mergedInto: row.merged_into,
  hold:
    row.held_key === null || row.held_instead_of === null
      ? null
      : { key: row.held_key, insteadOf: row.held_instead_of },
});
