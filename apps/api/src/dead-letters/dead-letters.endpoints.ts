import { z } from 'zod';
import { endpoint } from '../http/endpoint.js';
import { Limit } from '../http/query.js';
import { bulkFilter, filterParams } from './dead-letter-filter.params.js';

const COLLECTION = '/v1/dead-letters';
const ITEM = `${COLLECTION}/{dead_letter_id}`;

/** Reasons and job ids come from producers, and a payload is what they sent: all of it is for admins. */
const common = { scope: 'admin', tag: 'dead letters' } as const;
const params = z.object({ dead_letter_id: z.uuid() });

export const DeadLetterShape = z
  .strictObject({
    id: z.uuid(),
    queue: z.string().meta({ example: 'identity-commands' }),
    job: z.string().meta({ description: "The job's name.", example: 'identity.upsert' }),
    job_id: z.string(),
    code: z.string().meta({ example: 'JOB_INVALID' }),
    reason: z.string().meta({ description: 'Why it was not done; holds nothing of what was sent.' }),
    attempts: z.int(),
    status: z.enum(['waiting', 'retried', 'discarded']).meta({
      description:
        'waiting: somebody has to decide; retried: back on its queue, or done after all; discarded: its data is erased.',
    }),
    failed_at: z.iso.datetime(),
    resolved_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'DeadLetter' });

export const listDeadLetters = endpoint({
  ...common,
  method: 'GET',
  path: COLLECTION,
  id: 'list_dead_letters',
  summary: 'List jobs that were given up, newest first',
  query: z.object({
    ...filterParams,
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(DeadLetterShape),
});

export const retrieveDeadLetter = endpoint({
  ...common,
  method: 'GET',
  path: ITEM,
  id: 'retrieve_dead_letter',
  summary: 'Retrieve a dead letter with what the producer sent',
  params,
  answer: DeadLetterShape.extend({
    data: z.unknown().meta({ description: "The job's data; null once it is discarded." }),
  }).meta({ id: 'DeadLetterWithData' }),
  refusals: [404, 409],
});

export const retryDeadLetter = endpoint({
  ...common,
  method: 'POST',
  path: `${ITEM}/retry`,
  id: 'retry_dead_letter',
  summary: 'Put the job back on its queue',
  description: 'Asking twice is harmless: the job keeps its identity, so its effect is had once.',
  params,
  answer: DeadLetterShape,
  refusals: [404, 409, 503],
});

export const discardDeadLetter = endpoint({
  ...common,
  method: 'POST',
  path: `${ITEM}/discard`,
  id: 'discard_dead_letter',
  summary: 'Let the job go and erase its data',
  params,
  answer: DeadLetterShape,
  refusals: [404],
});

export const retryDeadLetters = endpoint({
  ...common,
  method: 'POST',
  path: `${COLLECTION}/retry`,
  id: 'retry_dead_letters',
  summary: 'Put all waiting jobs that match back on their queues',
  query: bulkFilter,
  answer: z.strictObject({
    retried: z.int(),
    unreadable: z.int().meta({ description: 'Sealed with a key this service no longer has; still waiting.' }),
  }),
  refusals: [503],
});

export const discardDeadLetters = endpoint({
  ...common,
  method: 'POST',
  path: `${COLLECTION}/discard`,
  id: 'discard_dead_letters',
  summary: 'Let all waiting jobs that match go and erase their data',
  query: bulkFilter,
  answer: z.strictObject({ discarded: z.int() }),
});
