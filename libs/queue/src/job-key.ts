import { createHash } from 'node:crypto';

const RETRY = 'retry-';
const LONGEST_ID = 128;

/**
 * Identifies one job for ever, whatever happens to the queue. The queue's own id does not: Redis counts ids per
 * queue, and after a FLUSHALL it starts again at 1, so "job 1" of today is not "job 1" of last week. The time at
 * which the job was added tells them apart.
 *
 * A job that comes back from the dead letters keeps the key of the job it once was (see {@link retryJobId}).
 */
export function jobKeyOf(job: { queue: string; id: string; timestamp: number }): string {
  return keyInRetryId(job.queue, job.id) ?? `${job.queue}:${plain(job.id)}:${job.timestamp}`;
}

/**
 * The job id under which a dead letter goes back to its queue. It carries the job's key, so that a second retry of
 * the same letter meets the first one's id, and the handler sees the key of the very first run: an effect that this
 * run had before it died is not had twice.
 */
export const retryJobId = (jobKey: string): string => RETRY + Buffer.from(jobKey).toString('base64url');

function keyInRetryId(queue: string, id: string): string | undefined {
  if (!id.startsWith(RETRY)) return undefined;
  const key = Buffer.from(id.slice(RETRY.length), 'base64url').toString();
  return key.startsWith(`${queue}:`) && retryJobId(key) === id ? key : undefined;
}

/** Producers choose ids freely; in a key they must fit an index entry and PostgreSQL text, which holds no NUL. */
const plain = (id: string): string =>
  id.length <= LONGEST_ID && !id.includes('\0') ? id : createHash('sha256').update(id).digest('hex');
