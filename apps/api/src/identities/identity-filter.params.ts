import { z } from 'zod';
import { FILTERABLE_LENGTH, type IdentityFilter, IdentityTypeShape, LIMITS, PropertyKey } from '#identity';
import type { Call } from '../http/endpoint.js';
import { queryText, time } from '../http/query.js';
import { projectNamed } from './project-scope.js';

/** Filters of lists and counts; all that are given must match. */
export const filterParams = {
  name: queryText(LIMITS.name).optional().meta({ description: 'The name contains it, in any case.' }),
  identifier_key: queryText(LIMITS.identifierKey).optional(),
  identity_type: IdentityTypeShape.optional(),
  project_id: queryText(LIMITS.projectId)
    .optional()
    .meta({ description: 'Absent: every project the key may see.' }),
  property: z
    .array(z.tuple([PropertyKey, queryText(FILTERABLE_LENGTH)]))
    .max(10)
    .optional()
    .meta({
      description: '`property[plan]=pro`: has this property with this value. Several must all match.',
      parameterStyle: 'deepObject',
      parameterSchema: {
        type: 'object',
        additionalProperties: { type: 'string', maxLength: FILTERABLE_LENGTH },
      },
    }),
  updated_after: time()
    .optional()
    .meta({
      description:
        'Changed at this time or later: an ISO 8601 time with its zone. Inclusive, so that who asks with the last time they saw misses none of the same millisecond.',
      parameterSchema: { type: 'string', format: 'date-time' },
    }),
};

const FilterQuery = z.object(filterParams);

export const filterOf = (call: Call<unknown, z.output<typeof FilterQuery>>): IdentityFilter => ({
  name: call.query.name,
  identifierKey: call.query.identifier_key,
  identityType: call.query.identity_type,
  projectId: call.query.project_id ?? projectNamed(call.request),
  properties: call.query.property && Object.fromEntries(call.query.property),
  updatedAfter: call.query.updated_after,
});
