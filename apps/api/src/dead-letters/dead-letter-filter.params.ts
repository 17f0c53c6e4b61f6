import { z } from 'zod';
import type { DeadLetterFilter } from '#queue';
import { queryText, time } from '../http/query.js';

const criteria = {
  queue: queryText(200).optional(),
  job: queryText(200).optional().meta({ description: "The job's name." }),
  code: queryText(100).optional(),
  from: time()
    .optional()
    .meta({ description: 'Given up at this time or later.', parameterSchema: dateTime() }),
  to: time().optional().meta({ description: 'Given up before this time.', parameterSchema: dateTime() }),
};

export const filterParams = {
  ...criteria,
  status: z.enum(['waiting', 'retried', 'discarded']).optional(),
};

/**
 * Which letters a bulk action means. Nothing is ignored here and nothing means everything only when it says so: a
 * misspelt or empty filter must not discard what it was to spare.
 */
export const bulkFilter = z
  .strictObject({
    ...criteria,
    all: z.literal('true').optional().meta({ description: '`true`, and no filter: every one that waits.' }),
  })
  .refine(
    ({ all, ...given }) => (all === 'true') !== Object.values(given).some((value) => value !== undefined),
    {
      error: 'expected at least one filter, or all=true alone for every waiting dead letter',
    },
  );

export const filterOf = ({ queue, job, code, status, from, to }: FilterQuery): DeadLetterFilter => ({
  ...(queue !== undefined && { queue }),
  ...(job !== undefined && { jobName: job }),
  ...(code !== undefined && { code }),
  ...(status !== undefined && { status }),
  ...(from && { failedFrom: from }),
  ...(to && { failedBefore: to }),
});

const Filter = z.object(filterParams);
type FilterQuery = z.output<typeof Filter>;

function dateTime() {
  return { type: 'string', format: 'date-time' };
}
