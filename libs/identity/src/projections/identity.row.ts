import type { Identity as PrismaIdentity } from '#prisma';
import type { IdentityProperty, IdentityType, LiveIdentity } from '../identity.state.js';

/** A row of `identities` as pg answers it: the columns of the Prisma model under their SQL names. */
export interface IdentityRow {
  readonly id: PrismaIdentity['id'];
  readonly version: number;
  readonly created_position: number;
  readonly project_id: PrismaIdentity['projectId'];
  readonly identifier_key: PrismaIdentity['identifierKey'];
  readonly name: PrismaIdentity['name'];
  readonly identity_type: IdentityType;
  readonly properties: IdentityProperty[];
  readonly agent_ids: PrismaIdentity['agentIds'];
  readonly block_ids: PrismaIdentity['blockIds'];
  readonly created_at: PrismaIdentity['createdAt'];
  readonly updated_at: PrismaIdentity['updatedAt'];
}

/** What states and views are made of. The other columns would be parsed for nothing: dates are the dearest of all. */
export const STATE_COLUMNS = [
  'id',
  'version',
  'project_id',
  'identifier_key',
  'name',
  'identity_type',
  'properties',
  'agent_ids',
  'block_ids',
] as const;
export type StateRow = Pick<IdentityRow, (typeof STATE_COLUMNS)[number]>;

/** The columns of the table that a statement calls `i`. */
export const stateColumns: string = STATE_COLUMNS.map((column) => `i.${column}`).join(', ');

/** "" stands for no project in the database: NULLs could not be compared by an index. */
export const toColumn = (projectId: string | null): string => projectId ?? '';
export const fromColumn = (projectId: string): string | null => (projectId === '' ? null : projectId);

export const stateOf = (row: StateRow): LiveIdentity => ({
  status: 'live',
  projectId: fromColumn(row.project_id),
  identifierKey: row.identifier_key,
  name: row.name,
  identityType: row.identity_type,
  properties: new Map(row.properties.map((property) => [property.key, property])),
  agentIds: row.agent_ids,
  blockIds: row.block_ids,
});

/** Longer values stay readable but are not filterable: they have no row in `identity_properties`. */
export const FILTERABLE_LENGTH = 512;

/** A property's value as the filter compares it, or nothing when it is not filterable. */
export function filterText({ value }: IdentityProperty): string | undefined {
  if (typeof value === 'object') return undefined;
  const text = String(value);
  return text.length <= FILTERABLE_LENGTH ? text : undefined;
}
