import { z } from 'zod';
import { QUARANTINE_STATUSES } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryText } from '../http/query.js';

const tag = 'quarantine';
const params = z.object({ quarantined_id: z.uuid() });

export const QuarantinedShape = z
  .strictObject({
    id: z.uuid(),
    connection_id: z.uuid(),
    stream: z.string(),
    external_id: z.string(),
    status: z.enum(QUARANTINE_STATUSES),
    code: z.string(),
    reason: z.string(),
    attempts: z.int(),
    next_retry_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    discarded_at: z.iso.datetime().nullable(),
  })
  .meta({
    id: 'QuarantinedRecord',
    description: 'A record that could not be taken; later runs try it again.',
  });

const criteria = {
  stream: queryText(64).optional(),
  code: queryText(100).optional().meta({ example: 'MISSING' }),
};

const bulk = z
  .strictObject({ connection_id: z.uuid(), ...criteria })
  .meta({ id: 'QuarantineFilter', description: 'All that match; without stream and code, all that wait.' });

export const listQuarantine = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/quarantine',
  id: 'list_quarantine',
  summary: 'List records of a connection that could not be taken, with the reason, newest first',
  query: z.object({
    connection_id: z.uuid(),
    status: z.enum(QUARANTINE_STATUSES).optional().meta({ description: 'Default: waiting.' }),
    ...criteria,
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(QuarantinedShape),
  refusals: [404],
});

export const retrieveQuarantined = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/quarantine/{quarantined_id}',
  id: 'retrieve_quarantined_record',
  summary: 'Retrieve a record in quarantine; with an admin key, also what the source sent',
  params,
  answer: QuarantinedShape.extend({
    payload: z.unknown().optional().meta({
      description: 'As the source sent it; only for admin keys. Null: discarded, or nothing could be read.',
    }),
  }).meta({ id: 'QuarantinedRecordWithPayload' }),
  refusals: [404, 409],
});

export const replayQuarantined = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/quarantine/{quarantined_id}/replay',
  id: 'replay_quarantined_record',
  summary: 'Fetch the record again now, and take it if it can be taken',
  description:
    'What came of it: `GET /v1/outcomes` with its external id; a record that was taken is gone here.',
  params,
  answer: QuarantinedShape,
  refusals: [404, 409],
});

export const replayQuarantine = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/quarantine/replay',
  id: 'replay_quarantine',
  summary: 'Fetch again all records in quarantine that match',
  body: bulk,
  answer: z.strictObject({ replayed: z.int() }),
  refusals: [404],
});

export const discardQuarantined = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/quarantine/{quarantined_id}/discard',
  id: 'discard_quarantined_record',
  summary: 'Let the record go until it changes at the source; its payload is erased',
  params,
  answer: QuarantinedShape,
  refusals: [404],
});

export const discardQuarantine = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/quarantine/discard',
  id: 'discard_quarantine',
  summary: 'Let all records in quarantine go that match',
  body: bulk,
  answer: z.strictObject({ discarded: z.int() }),
  refusals: [404],
});
