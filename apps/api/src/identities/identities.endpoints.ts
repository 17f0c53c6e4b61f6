import { z } from 'zod';
import {
  IdentityCreate,
  IdentityId,
  IdentityShape,
  IdentityUpdate,
  IdentityUpsert,
  PropertyKey,
  PropertyList,
} from '#identity';
import { endpoint } from '../http/endpoint.js';
import { pageParams, queryText, time } from '../http/query.js';
import { filterParams } from './identity-filter.params.js';
import { IdentityWithProvenance } from './provenance.view.js';

const COLLECTION = '/v1/identities/';
const ITEM = '/v1/identities/{identity_id}';
const tag = 'identities';
const params = z.object({ identity_id: IdentityId });

export const listIdentities = endpoint({
  method: 'GET',
  path: COLLECTION,
  scope: 'read',
  tag,
  id: 'list_identities',
  summary: 'List identities',
  query: z.object({ ...filterParams, ...pageParams }),
  headers: ['X-Project-Id'],
  answer: z.array(IdentityShape),
  refusals: [404],
});

export const countIdentities = endpoint({
  method: 'GET',
  path: '/v1/identities/count',
  scope: 'read',
  tag,
  id: 'count_identities',
  summary: 'Count identities',
  query: z.object(filterParams),
  headers: ['X-Project-Id'],
  answer: z.int().min(0),
});

export const createIdentity = endpoint({
  method: 'POST',
  path: COLLECTION,
  scope: 'write',
  tag,
  id: 'create_identity',
  summary: 'Create an identity',
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match', 'X-Project-Id'],
  body: IdentityCreate,
  answer: IdentityShape,
  refusals: [409, 412],
});

export const upsertIdentity = endpoint({
  method: 'PUT',
  path: COLLECTION,
  scope: 'write',
  tag,
  id: 'upsert_identity',
  summary: 'Create the identity of a key, or bring it up to date',
  description:
    'A known key keeps its id: name and type are overwritten; properties, agent_ids and block_ids are replaced when given.',
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match', 'X-Project-Id'],
  body: IdentityUpsert,
  answer: IdentityShape,
  refusals: [409, 412],
});

export const retrieveIdentity = endpoint({
  method: 'GET',
  path: ITEM,
  scope: 'read',
  tag,
  id: 'retrieve_identity',
  summary: 'Retrieve an identity, as it is or as it was',
  params,
  query: z.object({
    include: z
      .enum(['provenance'])
      .optional()
      .meta({ description: '`provenance`: which event each value comes from, and by whom.' }),
    as_of: asOf()
      .optional()
      .meta({
        description: 'A version (1, 2, …) or an ISO 8601 time: the identity as it was then.',
        parameterSchema: {
          oneOf: [
            { type: 'integer', minimum: 1 },
            { type: 'string', format: 'date-time' },
          ],
        },
      }),
  }),
  headers: ['If-Match', 'If-None-Match'],
  answer: z.union([IdentityShape, IdentityWithProvenance]),
  refusals: [304, 404, 412],
});

export const modifyIdentity = endpoint({
  method: 'PATCH',
  path: ITEM,
  scope: 'write',
  tag,
  id: 'update_identity',
  summary: 'Modify an identity',
  description:
    'Null and absent fields stay as they are. Properties merge by key; agent_ids and block_ids are added to the ones there.',
  params,
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
  body: IdentityUpdate,
  answer: IdentityShape,
  refusals: [404, 409, 412],
});

export const deleteIdentity = endpoint({
  method: 'DELETE',
  path: ITEM,
  scope: 'write',
  tag,
  id: 'delete_identity',
  summary: 'Delete an identity; its history stays',
  params,
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
  answer: z.null(),
  refusals: [404, 409, 412],
});

export const upsertProperties = endpoint({
  method: 'PUT',
  path: `${ITEM}/properties`,
  scope: 'write',
  tag,
  id: 'upsert_properties_for_identity',
  summary: 'Update or create properties by key; the others stay',
  params,
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
  body: PropertyList,
  answer: IdentityShape,
  refusals: [404, 409, 412],
});

export const removeProperty = endpoint({
  method: 'DELETE',
  path: `${ITEM}/properties/{key}`,
  scope: 'write',
  tag,
  id: 'remove_property_of_identity',
  summary: 'Remove a property; one that is not there is removed already',
  params: params.extend({ key: PropertyKey }),
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
  answer: IdentityShape,
  refusals: [404, 409, 412],
});

const MAX_VERSION = /^[1-9]\d{0,14}$/;

function asOf() {
  return queryText(40).transform((text, context) => {
    if (MAX_VERSION.test(text)) return Number(text);
    const moment = time().safeParse(text);
    if (moment.success) return moment.data;
    context.addIssue('expected a version (1, 2, …) or an ISO 8601 time such as 2026-01-31T12:00:00Z');
    return z.NEVER;
  });
}
