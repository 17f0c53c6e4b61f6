import { z } from 'zod';
import { PLAN_ACTIONS } from '#sync';
import { OutcomeShape } from '../connections/runs.endpoints.js';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryText } from '../http/query.js';

export const listOutcomesOfRecords = endpoint({
  scope: 'read',
  tag: 'runs',
  method: 'GET',
  path: '/v1/outcomes',
  id: 'list_outcomes',
  summary: 'List what became of a record, or of all of a connection, newest first',
  description: "Over all runs and webhooks, for as long as the connection's `retention_days` says.",
  query: z.object({
    connection_id: z.uuid(),
    external_id: queryText(256).optional().meta({ description: "The record's id at the source." }),
    stream: queryText(64).optional(),
    action: z.enum(PLAN_ACTIONS).optional(),
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(OutcomeShape.extend({ run_id: z.uuid() }).meta({ id: 'OutcomeOfRecord' })),
  refusals: [404],
});
