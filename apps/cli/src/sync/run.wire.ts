import { z } from 'zod';

/** Runs as the API shows them, as far as the command line looks. */
export const StartedRun = z.object({
  id: z.string(),
  stream: z.string(),
  mode: z.string(),
  status: z.string(),
  phase: z.string(),
  counts: z.record(z.string(), z.number()),
  progress: z.object({
    rows: z.number(),
    total: z.number().nullable(),
    percent: z.number().nullable(),
    seconds_left: z.number().nullable(),
    rows_per_second: z.number().nullable(),
    api_calls: z.number(),
  }),
  error: z.string().nullable(),
});
export type StartedRun = z.output<typeof StartedRun>;

export const StartedRuns = z.array(StartedRun);

const Sample = z.object({
  external_id: z.string(),
  action: z.string(),
  reason: z.string().nullable(),
  diff: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })).nullable(),
});

export const FollowedRun = StartedRun.extend({ samples: z.array(Sample).nullable() });
export type FollowedRun = z.output<typeof FollowedRun>;
