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

/** The columns that a live state fills, in the order of the table, with their SQL types: the one list of them. */
export const STATE_TYPES = {
  project_id: 'text',
  identifier_key: 'text',
  name: 'text',
  identity_type: 'text',
  properties: 'jsonb',
  agent_ids: 'text[]',
  block_ids: 'text[]',
} as const;
type StateColumn = keyof typeof STATE_TYPES;
export const FILLED_COLUMNS = Object.keys(STATE_TYPES) as StateColumn[];

/** What states and views are made of. The other columns would be parsed for nothing: dates are the dearest of all. */
const STATE_COLUMNS = ['id', 'version', ...FILLED_COLUMNS] as const;
export type StateRow = Pick<IdentityRow, 'id' | 'version' | StateColumn>;

/** The columns of the table that a statement calls `i`. */
export const stateColumns: string = STATE_COLUMNS.map((column) => `i.${column}`).join(', ');

/** "" stands for no project in the database: NULLs could not be compared by an index. */
export const toColumn = (projectId: string | null): string => projectId ?? '';
export const fromColumn = (projectId: string): string | null => (projectId === '' ? null : projectId);

/** A state as its columns hold it; `stateOf` reads it back. */
export const columnsOf = (state: LiveIdentity): Pick<IdentityRow, StateColumn> => ({
  project_id: toColumn(state.projectId),
  identifier_key: state.identifierKey,
  name: state.name,
  identity_type: state.identityType,
  properties: [...state.properties.values()],
  agent_ids: [...state.agentIds],
  block_ids: [...state.blockIds],
});

/** The value of a column as a statement's parameter. */
export const parameterOf = (columns: Pick<IdentityRow, StateColumn>, column: StateColumn): unknown =>
  STATE_TYPES[column] === 'jsonb' ? JSON.stringify(columns[column]) : columns[column];

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
