import { createHash } from 'node:crypto';

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
 * The job id under which a dead letter goes back to its queue. It carries the job's key, so that the handler sees the
 * key of the very first run: an effect that this run had before it died is not had twice. And it carries the time of
 * the failure: a second retry of that failure meets the first one's id, while a job that failed again may still be
 * in the queue under the id of its last retry, and must not stand in the way of the next one.
 */
export const retryJobId = (jobKey: string, failedAt: Date, how: RetryKind = 'retry'): string =>
  `${how}-${failedAt.getTime()}-${Buffer.from(jobKey).toString('base64url')}`;

/** `alone`: of a job that took down the processes it ran in. */
export type RetryKind = 'retry' | 'alone';

const RETRY_ID = /^(retry|alone)-(\d{1,15})-([\w-]+)$/;

/** Whether a person tries a job again that was set aside for having taken down its process. */
export const isRetriedAlone = (id: string): boolean => RETRY_ID.exec(id)?.[1] === 'alone';

function keyInRetryId(queue: string, id: string): string | undefined {
  const [, how, failedAt, encoded = ''] = RETRY_ID.exec(id) ?? [];
  const key = Buffer.from(encoded, 'base64url').toString();
  const again = retryJobId(key, new Date(Number(failedAt)), how as RetryKind);
  const isOurs = key.startsWith(`${queue}:`) && again === id;
  return isOurs ? key : undefined;
}

/** Producers choose ids freely; in a key they must fit an index entry and PostgreSQL text, which holds no NUL. */
const plain = (id: string): string =>
  id.length <= LONGEST_ID && !id.includes('\0') ? id : createHash('sha256').update(id).digest('hex');
