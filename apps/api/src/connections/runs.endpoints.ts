import { z } from 'zod';
import { PLAN_ACTIONS, RUN_MODES, RUN_PHASES, RUN_STATUSES } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryText } from '../http/query.js';
import { connectionParams } from './connections.endpoints.js';

const tag = 'runs';
const runParams = z.object({ run_id: z.uuid() });
const after = z
  .uuid()
  .optional()
  .meta({ description: 'An id: the page that starts right after it, older ones first.' });

const counts = z
  .record(z.enum(PLAN_ACTIONS), z.int().optional())
  .meta({ description: 'How many records came to which outcome.' });

export const RunShape = z
  .strictObject({
    id: z.uuid(),
    connection_id: z.uuid(),
    stream: z.string().meta({ example: 'contacts' }),
    mode: z.enum(RUN_MODES),
    trigger: z.enum(['manual', 'schedule', 'webhook']),
    status: z.enum(RUN_STATUSES),
    phase: z.enum(RUN_PHASES),
    pages: z.int(),
    counts,
    error_code: z.string().nullable(),
    error: z.string().nullable(),
    not_before: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'It waits until then, for a rate limit or after an error.' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Run', description: 'One pass over a stream of a connection.' });

export const OutcomeShape = z
  .strictObject({
    id: z.uuid(),
    external_id: z.string(),
    stream: z.string(),
    action: z.enum(PLAN_ACTIONS),
    identity_id: z.string().nullable(),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    diff: z
      .record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown() }))
      .nullable()
      .meta({ description: 'What changed, or in a dry run would have, field by field.' }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Outcome' });

export const QuarantinedShape = z
  .strictObject({
    stream: z.string(),
    external_id: z.string(),
    code: z.string(),
    reason: z.string(),
    attempts: z.int(),
    next_retry_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({
    id: 'QuarantinedRecord',
    description: 'A record that could not be taken; later runs try it again.',
  });

export const startRuns = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/connections/{connection_id}/runs',
  id: 'start_runs',
  summary: 'Start a run of one stream, or of each',
  description:
    '`full` reads everything, `incremental` what changed, `dry_run` everything without changing anything.',
  params: connectionParams,
  body: z
    .strictObject({
      mode: z.enum(['full', 'incremental', 'dry_run']).default('incremental'),
      stream: z.string().max(64).optional(),
    })
    .meta({ id: 'RunStart' }),
  answer: z.array(RunShape),
  refusals: [404, 409],
});

export const listRuns = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/runs',
  id: 'list_runs',
  summary: 'List the runs of a connection, newest first',
  query: z.object({ connection_id: z.uuid(), after, limit: Limit }),
  answer: z.array(RunShape),
  refusals: [404],
});

export const retrieveRun = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/runs/{run_id}',
  id: 'retrieve_run',
  summary: 'Retrieve a run with its progress',
  params: runParams,
  answer: RunShape,
  refusals: [404],
});

export const listOutcomes = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/runs/{run_id}/outcomes',
  id: 'list_run_outcomes',
  summary: 'List what a run did with each record, and why',
  params: runParams,
  query: z.object({ action: z.enum(PLAN_ACTIONS).optional(), after, limit: Limit }),
  answer: z.array(OutcomeShape),
  refusals: [404],
});

export const cancelRun = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/runs/{run_id}/cancel',
  id: 'cancel_run',
  summary: 'Stop a run after its current page',
  params: runParams,
  answer: RunShape,
  refusals: [404],
});

export const listQuarantine = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/quarantine',
  id: 'list_quarantine',
  summary: 'List records of a connection that could not be taken, with the reason',
  query: z.object({
    connection_id: z.uuid(),
    after: queryText(256).optional().meta({ description: 'An external id: the page that starts after it.' }),
    limit: Limit,
  }),
  answer: z.array(QuarantinedShape),
  refusals: [404],
});
