import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { GetIdentityHistory, identityUuid } from '#identity';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import { listEvents } from './history.endpoints.js';
import { eventToWire } from './identity-event.view.js';

@Controller()
export class HistoryController {
  constructor(private readonly queries: QueryBus) {}

  @Serve(listEvents)
  async events({ params, query, caller }: CallOf<typeof listEvents>) {
    const id = identityUuid(params.identity_id);
    const events = await this.queries.execute(new GetIdentityHistory(id, query, caller.access));
    return events.map(eventToWire);
  }
}
