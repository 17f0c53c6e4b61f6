import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { PostgresEventStore, type RecordedEvent, walkStream } from '#event-sourcing';
import { mayAccess, type ProjectAccess } from '../identity.access.js';
import { IdentityNotFoundError } from '../identity.errors.js';
import { type IdentityEvent, identityEvents } from '../identity.events.js';

export interface HistoryPage {
  /** Versions after this one. */
  readonly after: number;
  readonly limit: number;
}

/** An identity's events, oldest first; a deleted identity keeps its history. */
export class GetIdentityHistory extends Query<readonly RecordedEvent<IdentityEvent>[]> {
  constructor(
    readonly identityId: string,
    readonly page: HistoryPage,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetIdentityHistory)
export class GetIdentityHistoryHandler implements IQueryHandler<GetIdentityHistory> {
  constructor(private readonly store: PostgresEventStore) {}

  async execute({
    identityId,
    page,
    access,
  }: GetIdentityHistory): Promise<readonly RecordedEvent<IdentityEvent>[]> {
    await requireVisibleStream(this.store, identityId, access);
    const events: RecordedEvent<IdentityEvent>[] = [];
    const stream = { store: this.store, catalog: identityEvents, streamId: identityId };
    const range = { after: page.after, upTo: page.after + page.limit };
    await walkStream<IdentityEvent>(stream, (event) => events.push(event), range);
    return events;
  }
}

/** @throws IdentityNotFoundError when there is no such stream or it began in a project the caller may not see. */
export async function requireVisibleStream(
  store: PostgresEventStore,
  identityId: string,
  access: ProjectAccess,
): Promise<void> {
  const [first] = await store.readStream(identityId, { upTo: 1 });
  const born = first && identityEvents.upcast(first);
  if (born?.type !== 'IdentityCreated' || !mayAccess(access, born.data.projectId)) {
    throw new IdentityNotFoundError(identityId);
  }
}
