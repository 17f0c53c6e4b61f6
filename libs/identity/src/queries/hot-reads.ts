import { preparedName } from '#event-sourcing';
import type { Pool } from '#platform';
import type { FilterSql } from './identity-filter.js';

/**
 * The four hot reads (by id, by key, list page, count) run here as prepared statements on the Prisma tables:
 * measured at 32 connections they cost a third of Prisma's. hot-reads.int-spec.ts asks Prisma the same questions.
 */
export class HotReads {
  constructor(private readonly pool: Pool) {}

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
