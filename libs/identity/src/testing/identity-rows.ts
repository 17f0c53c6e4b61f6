import type { PostgresEventStore } from '#event-sourcing';
import type { PrismaClient } from '#platform';
import { identityEvents } from '../identity.events.js';
import { type IdentityRow, stateOf } from '../projections/identity.row.js';
import { IdentityRowFolding } from '../projections/identity-row.folding.js';
import { filterable } from '../projections/property-changes.js';

/** What the tables hold for one identity. */
export interface IdentityRows {
  readonly identity: IdentityRow | undefined;
  /** Rows of `identity_properties` by key. */
  readonly properties: readonly PropertyRow[];
}

interface PropertyRow {
  readonly key: string;
  readonly value: string;
  readonly created_position: number;
}

/** What the log says the tables must hold. */
export async function foldedRows(store: PostgresEventStore, identityId: string): Promise<IdentityRows> {
  const folding = new IdentityRowFolding();
  for (const event of await store.readStream(identityId)) folding.take(identityEvents.upcast(event));
  const row = folding.row();
  return { identity: row, properties: row ? propertiesOf(row) : [] };
}

const propertiesOf = (row: IdentityRow): PropertyRow[] =>
  [...filterable(stateOf(row))]
    .map(([key, value]) => ({ key, value, created_position: row.created_position }))
    .sort(byKey);

export async function storedRows(store: PostgresEventStore, identityId: string): Promise<IdentityRows> {
  const identity = await store.executor.query<IdentityRow>('select * from identities where id = $1', [
    identityId,
  ]);
  const properties = await store.executor.query<PropertyRow>(
    'select key, value, created_position from identity_properties where identity_id = $1',
    [identityId],
  );
  return { identity: identity.rows[0], properties: properties.rows.sort(byKey) };
}

/** The same rows as Prisma reads them. */
export async function prismaRows(prisma: PrismaClient, identityId: string): Promise<IdentityRows> {
  const found = await prisma.identity.findUnique({ where: { id: identityId } });
  const properties = await prisma.identityProperty.findMany({ where: { identityId } });
  return {
    identity: found ? rowOf(found) : undefined,
    properties: properties
      .map(({ key, value, createdPosition }) => ({ key, value, created_position: Number(createdPosition) }))
      .sort(byKey),
  };
}

type PrismaIdentity = NonNullable<Awaited<ReturnType<PrismaClient['identity']['findUnique']>>>;

export const rowOf = (identity: PrismaIdentity): IdentityRow => ({
  id: identity.id,
  version: Number(identity.version),
  created_position: Number(identity.createdPosition),
  project_id: identity.projectId,
  identifier_key: identity.identifierKey,
  name: identity.name,
  identity_type: identity.identityType as IdentityRow['identity_type'],
  properties: identity.properties as unknown as IdentityRow['properties'],
  agent_ids: identity.agentIds,
  block_ids: identity.blockIds,
  created_at: identity.createdAt,
  updated_at: identity.updatedAt,
});

const byKey = (a: PropertyRow, b: PropertyRow): number => (a.key < b.key ? -1 : 1);
