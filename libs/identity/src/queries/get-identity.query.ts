import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { mayAccess, type ProjectAccess } from '../identity.access.js';
import { IdentityNotFoundError } from '../identity.errors.js';
import type { IdentityView } from '../identity.view.js';
import { type StateRow, stateColumns, viewOf } from '../projections/identity.row.js';
import { HotReads } from './hot-reads.js';

/** The identity as it is now. @throws IdentityNotFoundError naming the identity it was merged into, if it was. */
export class GetIdentity extends Query<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetIdentity)
export class GetIdentityHandler implements IQueryHandler<GetIdentity> {
  constructor(private readonly reads: HotReads) {}

  async execute({ identityId, access }: GetIdentity): Promise<IdentityView> {
    const [row] = await this.reads.rows<StateRow>(BY_ID, [identityId]);
    const view = row && viewOf(row);
    if (view && mayAccess(access, view.projectId)) return view;
    throw new IdentityNotFoundError(identityId, row ? undefined : await this.mergedInto(identityId, access));
  }

  private async mergedInto(identityId: string, access: ProjectAccess): Promise<string | undefined> {
    const [merge] = await this.reads.rows<{ into: string | null; project_id: string | null }>(MERGE, [
      identityId,
    ]);
    return merge && mayAccess(access, merge.project_id) ? (merge.into ?? undefined) : undefined;
  }
}

const BY_ID = `select ${stateColumns} from identities i where id = $1`;

const MERGE = `
  select gone.data->>'mergedInto' as into, born.data->>'projectId' as project_id
  from es.events gone
  join es.events born on born.stream_id = gone.stream_id and born.version = 1
  where gone.stream_id = $1 and gone.type = 'IdentityDeleted' order by gone.version desc limit 1`;
