import { preparedName } from '#event-sourcing';
import type { Pool } from '#platform';
import type { IdentityView } from '../identity.view.js';
import { fromColumn, type StateRow, stateColumns } from '../projections/identity.row.js';
import type { FilterSql } from './identity-filter.js';

/**
 * Where reads of identities leave for the database: by id, by key, list page, count. Prepared statements on the Prisma
 * tables: measured at 32 connections they cost a third of Prisma's. identity-reads.int-spec.ts asks Prisma the same.
 */
export class IdentityReads {
  constructor(private readonly pool: Pool) {}

  /** The identity as it is now, whoever may see it; nothing when it is not there. */
  async byId(identityId: string): Promise<IdentityView | undefined> {
    const [row] = await this.rows<StateRow>(BY_ID, [identityId]);
    return row && viewOf(row);
  }

  async rows<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>({ name: preparedName(text), text, values: [...values] });
    return rows;
  }

  /**
   * The same without a name, so that PostgreSQL plans it for these very values. A prepared statement gets one plan
   * for all values after five runs; that suits no filter of which one value matches a row in two and another one in a million.
   */
  async rowsPlannedAnew<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>(text, [...values]);
    return rows;
  }

  /** Whichever suits the filter that the statement was made from. */
  async filteredRows<Row extends object>(
    { onePlan }: FilterSql,
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    return onePlan ? this.rows(text, values) : this.rowsPlannedAnew(text, values);
  }
}

const BY_ID = `select ${stateColumns} from identities i where id = $1`;

export const viewOf = (row: StateRow): IdentityView => ({
  id: row.id,
  version: row.version,
  projectId: fromColumn(row.project_id),
  identifierKey: row.identifier_key,
  name: row.name,
  identityType: row.identity_type,
  properties: row.properties,
  agentIds: row.agent_ids,
  blockIds: row.block_ids,
});
