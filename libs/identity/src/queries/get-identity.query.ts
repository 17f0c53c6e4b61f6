import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { mayAccess, type ProjectAccess } from '../identity.access.js';
import { IdentityNotFoundError } from '../identity.errors.js';
import type { IdentityView } from '../identity.view.js';
import { IdentityReads } from './identity-reads.js';

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
  constructor(private readonly reads: IdentityReads) {}

  async execute({ identityId, access }: GetIdentity): Promise<IdentityView> {
    const view = await this.reads.byId(identityId);
    if (view && mayAccess(access, view.projectId)) return view;
    throw new IdentityNotFoundError(identityId, view ? undefined : await this.mergedInto(identityId, access));
  }

  private async mergedInto(identityId: string, access: ProjectAccess): Promise<string | undefined> {
    const [merge] = await this.reads.rows<{ into: string | null; project_id: string | null }>(MERGE, [
      identityId,
    ]);
    return merge && mayAccess(access, merge.project_id) ? (merge.into ?? undefined) : undefined;
  }
}

/** Along a chain of merges, to the identity that it ends in. */
const MERGE = `
  with recursive chain (id, depth) as (
    select $1::uuid, 0
    union all
    select (gone.data->>'mergedInto')::uuid, depth + 1 from chain
    cross join lateral (
      select e.data from es.events e where e.stream_id = chain.id and e.type = 'IdentityDeleted'
      order by e.version desc limit 1
    ) gone
    where depth < 1000 and gone.data ? 'mergedInto'
      and not exists (select from identities i where i.id = chain.id)
  )
  select chain.id::text as into, born.data->>'projectId' as project_id
  from chain join es.events born on born.stream_id = $1 and born.version = 1
  where depth > 0 order by depth desc limit 1`;
