import { z } from 'zod';
import { PLAN_ACTIONS, RUN_MODES, RUN_PHASES, RUN_STATUSES } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit } from '../http/query.js';
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
    progress: z
      .strictObject({
        rows: z.int().meta({ description: "What the CRM's listing showed so far, records or ids." }),
        total: z
          .int()
          .nullable()
          .meta({ description: 'Rows there will be, as the CRM says or as many as are linked.' }),
        percent: z.int().nullable(),
        seconds_left: z.int().nullable(),
        rows_per_second: z.number().nullable().meta({ description: 'Mostly of the recent pages.' }),
        api_calls: z.int().meta({ description: 'Requests to the CRM.' }),
      })
      .meta({ id: 'RunProgress' }),
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

export const startRuns = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/connections/{connection_id}/runs',
  id: 'start_runs',
  summary: 'Start a run of one stream, or of each',
  description:
    '`full` reads everything and then sweeps, `incremental` reads what changed, `sweep` compares ids and deletes what ' +
    'is gone at the source, `record` reads the records named in `external_ids`, `dry_run` reads everything without ' +
    'changing anything.',
  params: connectionParams,
  body: z
    .strictObject({
      mode: z.enum(RUN_MODES).default('incremental'),
      stream: z.string().max(64).optional().meta({ description: 'Absent: each stream of the connection.' }),
      external_ids: z
        .array(z.string().min(1).max(256))
        .min(1)
        .max(100)
        .optional()
        .meta({ description: 'In mode `record`, which also wants `stream`: ids at the source.' }),
      allow_sweep: z
        .boolean()
        .default(false)
        .meta({ description: 'Lifts `sweep_max_share` for this run, in the modes `full` and `sweep`.' }),
    })
    .refine(({ mode, stream, external_ids }) => mode !== 'record' || (stream && external_ids), {
      error: 'expected stream and external_ids with mode record',
      path: ['external_ids'],
    })
    .refine(({ mode, external_ids }) => mode === 'record' || !external_ids, {
      error: 'expected external_ids with mode record only',
      path: ['external_ids'],
    })
    .refine(({ mode, allow_sweep }) => !allow_sweep || mode === 'full' || mode === 'sweep', {
      error: 'expected allow_sweep with mode full or sweep only',
      path: ['allow_sweep'],
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
  answer: RunShape.extend({
    samples: z
      .array(OutcomeShape)
      .nullable()
      .meta({ description: 'Of a dry run: up to ten outcomes of each kind, with what would change.' }),
  }).meta({ id: 'RunWithSamples' }),
  refusals: [404],
});

export const watchRun = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/runs/{run_id}/progress',
  id: 'watch_run',
  summary: 'Watch a run, as server-sent events',
  description:
    'An event `progress` with the run as its data whenever it changed, then one `finished`, then the stream ends.',
  params: runParams,
  answer: { mediaType: 'text/event-stream' },
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
