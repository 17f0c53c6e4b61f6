import { z } from 'zod';
import { IdentifierKey } from '#identity';
import { CONFLICT_STATUSES, KEY_RESOLUTIONS } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit } from '../http/query.js';

const tag = 'conflicts';
const params = z.object({ conflict_id: z.uuid() });

export const ConflictShape = z
  .strictObject({
    id: z.uuid(),
    connection_id: z.uuid(),
    stream: z.string().meta({ example: 'contacts' }),
    external_id: z.string(),
    identity_id: z.string().nullable().meta({ description: "The record's identity, when it has one." }),
    identifier_key: z.string().meta({ description: 'The key that the record wants.' }),
    holder_identity_id: z.string().meta({ description: 'The identity that has the key.' }),
    holder_record: z
      .strictObject({ stream: z.string(), external_id: z.string() })
      .nullable()
      .meta({ description: 'The record of this connection that the holder mirrors, when there is one.' }),
    status: z.enum(CONFLICT_STATUSES).meta({
      description: '`open`: waits for a resolution; `resolved`: has one; `gone`: came right by itself.',
    }),
    resolution: z.enum(KEY_RESOLUTIONS).nullable(),
    resolved_by: z
      .string()
      .nullable()
      .meta({ description: 'The API key that decided, or `policy`.', example: 'policy' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    resolved_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Conflict', description: 'A record whose identifier key another identity has.' });

export const ConflictResolution = z
  .discriminatedUnion('action', [
    z.strictObject({ action: z.literal('merge') }),
    z.strictObject({ action: z.literal('keep') }),
    z.strictObject({ action: z.literal('rekey'), identifier_key: IdentifierKey }),
  ])
  .meta({
    id: 'ConflictResolution',
    description:
      "`merge`: record and holder are one. `keep`: the record's identity keeps its key. `rekey`: it gets this one.",
  });

export const listConflicts = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/conflicts',
  id: 'list_conflicts',
  summary: 'List the key conflicts of a connection, newest first',
  query: z.object({
    connection_id: z.uuid(),
    status: z.enum(CONFLICT_STATUSES).optional(),
    after: z
      .uuid()
      .optional()
      .meta({ description: 'An id: the page that starts right after it, older ones first.' }),
    limit: Limit,
  }),
  answer: z.array(ConflictShape),
  refusals: [404],
});

export const retrieveConflict = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/conflicts/{conflict_id}',
  id: 'retrieve_conflict',
  summary: 'Retrieve a key conflict',
  params,
  answer: ConflictShape,
  refusals: [404],
});

export const resolveConflict = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/conflicts/{conflict_id}/resolve',
  id: 'resolve_conflict',
  summary: 'Resolve a conflict: what becomes of a record whose identifier key another identity has',
  description:
    'The record is fetched and the resolution acts at once. 409 when the conflict is over, is about something else by now, or the named key is taken.',
  params,
  body: ConflictResolution,
  answer: ConflictShape,
  refusals: [404, 409],
});
