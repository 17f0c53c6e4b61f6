import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { StatementParameters } from '#event-sourcing';
import { mayAccess, type ProjectAccess } from '../identity.access.js';
import { CursorNotFoundError } from '../identity.errors.js';
import type { IdentityView } from '../identity.view.js';
import { type StateRow, stateColumns } from '../projections/identity.row.js';
import { between, filterSql, type IdentityFilter } from './identity-filter.js';
import { IdentityReads, viewOf } from './identity-reads.js';

export interface IdentityPage {
  /** Bare UUIDs: the page lies after the one and before the other in the order asked for. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** A page of identities in created order. `before` alone answers the page right before the cursor. */
export class ListIdentities extends Query<IdentityView[]> {
  constructor(
    readonly filter: IdentityFilter,
    readonly page: IdentityPage,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(ListIdentities)
export class ListIdentitiesHandler implements IQueryHandler<ListIdentities> {
  constructor(private readonly reads: IdentityReads) {}

  async execute({ filter, page, access }: ListIdentities): Promise<IdentityView[]> {
    const after = page.after ? await this.positionOf(page.after, access) : undefined;
    const before = page.before ? await this.positionOf(page.before, access) : undefined;
    // Without `after`, the page that ends at `before` is read backwards from it and turned round.
    const backwards = before !== undefined && after === undefined;
    const { sql, text, values } = pageStatement(filter, access, { ...page, after, before, backwards });
    const rows = await this.reads.filteredRows<StateRow>(sql, text, values);
    return (backwards ? rows.reverse() : rows).map(viewOf);
  }

  /**
   * A cursor's place in the created order, also when its identity was deleted since: the log remembers.
   * @throws CursorNotFoundError for an id that never was or that the caller may not see.
   */
  private async positionOf(identityId: string, access: ProjectAccess): Promise<number> {
    const [cursor] = await this.reads.rows<{ position: number; project_id: string | null }>(CURSOR, [
      identityId,
    ]);
    if (!cursor || !mayAccess(access, cursor.project_id || null))
      throw new CursorNotFoundError(`identity-${identityId}`);
    return cursor.position;
  }
}

const CURSOR = `
  select global_position as position, data->>'projectId' as project_id from es.events
  where stream_id = $1 and type = 'IdentityCreated' order by version desc limit 1`;

interface Window {
  readonly after: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly backwards: boolean;
}

function pageStatement(filter: IdentityFilter, access: ProjectAccess, window: Window) {
  const parameters = new StatementParameters();
  const sql = filterSql(filter, access, parameters);
  const ascending = window.order === 'asc';
  const [low, high] = [window.after, window.before].map((at) =>
    at === undefined ? undefined : parameters.add(at, 'bigint'),
  );
  const where = [...between(sql.order, ...(ascending ? [low, high] : [high, low])), ...sql.conditions];
  const direction = ascending !== window.backwards ? 'asc' : 'desc';
  const columns = [sql.order.within?.column, sql.order.position].filter((column) => column !== undefined);
  const text = `select ${stateColumns} from ${sql.from}
    ${where.length > 0 ? `where ${where.join(' and ')}` : ''}
    order by ${columns.map((column) => `${column} ${direction}`).join(', ')}
    limit ${parameters.add(window.limit, 'int')}`;
  return { sql, text, values: parameters.values };
}
