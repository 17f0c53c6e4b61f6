import { z } from 'zod';
import { IdentityId } from '#identity';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryInteger } from '../http/query.js';

export const IdentityEventShape = z
  .strictObject({
    id: z.string().meta({ description: "The event's id, a UUIDv7." }),
    type: z.string().meta({ example: 'IdentityModified' }),
    version: z.int().meta({ description: 'Counts from 1 in this identity; what ETags and as_of speak of.' }),
    position: z.int().meta({ description: 'Rises over all identities, with gaps.' }),
    schema_version: z.int(),
    data: z.record(z.string(), z.unknown()).meta({ description: 'What happened, by the type of the event.' }),
    actor: z.string().meta({ example: 'key:019a0b7e-0000-7000-8000-000000000000' }),
    source: z.string().meta({ example: 'rest' }),
    correlation_id: z.string(),
    causation_id: z.string().nullable(),
    occurred_at: z.iso.datetime(),
    recorded_at: z.iso.datetime(),
  })
  .meta({ id: 'IdentityEvent' });

export const listEvents = endpoint({
  method: 'GET',
  path: '/v1/identities/{identity_id}/events',
  scope: 'read',
  tag: 'identities',
  id: 'list_events_of_identity',
  summary: 'The history of an identity, oldest first; also of a deleted one',
  params: z.object({ identity_id: IdentityId }),
  query: z.object({
    after: queryInteger(0, Number.MAX_SAFE_INTEGER)
      .default(0)
      .meta({ description: 'Events after this version.' }),
    limit: Limit,
  }),
  answer: z.array(IdentityEventShape),
  refusals: [404],
});
