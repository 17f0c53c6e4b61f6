import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { StatementParameters } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import { allConditions, filterSql, type IdentityFilter } from './identity-filter.js';
import { IdentityReads } from './identity-reads.js';

/** How many identities match. */
export class CountIdentities extends Query<number> {
  constructor(
    readonly filter: IdentityFilter,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(CountIdentities)
export class CountIdentitiesHandler implements IQueryHandler<CountIdentities> {
  constructor(private readonly reads: IdentityReads) {}

  async execute({ filter, access }: CountIdentities): Promise<number> {
    const parameters = new StatementParameters();
    const sql = filterSql(filter, access, parameters);
    const conditions = allConditions(sql);
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const [row] = await this.reads.filteredRows<{ count: number }>(
      sql,
      `select count(*) from ${sql.from} ${where}`,
      parameters.values,
    );
    return row?.count ?? 0;
  }
}
