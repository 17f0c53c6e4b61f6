import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { fold, PostgresEventStore, type RecordedEvent } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import { identityDecider } from '../identity.decider.js';
import { identityEvents } from '../identity.events.js';
import { type IdentityView, toView } from '../identity.view.js';
import { requireVisibleStream } from './identity-history.query.js';

/** A version (a count from 1), or a time: what had been recorded by then. */
export type AsOf = number | Date;

/** The identity as it was. @throws IdentityNotFoundError when it did not exist then. */
export class GetIdentityAsOf extends Query<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly asOf: AsOf,
    readonly access: ProjectAccess,
  ) {
    super();
  }
}

@QueryHandler(GetIdentityAsOf)
export class GetIdentityAsOfHandler implements IQueryHandler<GetIdentityAsOf> {
  constructor(private readonly store: PostgresEventStore) {}

  async execute({ identityId, asOf, access }: GetIdentityAsOf): Promise<IdentityView> {
    await requireVisibleStream(this.store, identityId, access);
    const events = await this.store.readStream(identityId, asOf instanceof Date ? {} : { upTo: asOf });
    const until = asOf instanceof Date ? recordedBy(asOf, events) : events;
    const state = fold(
      identityDecider,
      until.map((event) => identityEvents.upcast(event)),
    );
    return toView(identityId, { state, version: until.length });
  }
}

/** Up to the last event recorded by then: versions give the order, also where the database's clock was set back. */
const recordedBy = (time: Date, events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  events.slice(0, events.findLastIndex(({ recordedAt }) => recordedAt <= time) + 1);
