import type { SolitaryCell } from './alone/solitary-cell.js';
import type { TakenJob } from './backends/queue-backend.js';
import { AloneWantedError, type JobContext, type StartedJob } from './job-context.js';
import { isRetriedAlone } from './job-key.js';
import { parsed, type RegisteredJob } from './job-registry.js';
import { JobFailedError } from './queue.errors.js';
import { type JobFailure, poisoned } from './verdict.js';

export interface CarefulRun {
  readonly cell: SolitaryCell | undefined;
  readonly job: TakenJob;
  readonly started: StartedJob;
  readonly registered: RegisteredJob;
  readonly context: JobContext;
}

interface Suspect extends CarefulRun {
  readonly cell: SolitaryCell;
}

/** What is left to do about the job. */
export type CarefulEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'put off'; readonly ms: number }
  | { readonly kind: 'dead'; readonly failure: JobFailure };

/**
 * Runs a job, alone where that is better. A suspect's data are not even parsed here: that, too, could be what took its
 * process down.
 */
export async function runCarefully({ cell, ...run }: CarefulRun): Promise<CarefulEnd> {
  const { job, registered, context } = run;
  if (cell && isKnownSuspect(job)) return runAlone({ ...run, cell });
  const data = parsed(registered, job.data);
  const names = { id: job.id ?? '', coalescedBy: job.deduplicationId ?? '' };
  const manner = cell ? await registered.care.manner?.(data, names) : undefined;
  if (manner === 'not now' || (manner === 'alone' && !cell?.isFree)) return { kind: 'done' };
  if (cell && manner === 'alone') return runAlone({ ...run, cell });
  try {
    await registered.handler(data, context);
    return { kind: 'done' };
  } catch (error) {
    if (cell && error instanceof AloneWantedError) return runAlone({ ...run, cell });
    throw error;
  }
}

/**
 * It was started before and nobody knows how that ended. Mostly its worker was killed or deployed anew, so this costs a
 * job nothing but being run with care. One that a person tries again after it was set aside is suspected, too.
 */
const isKnownSuspect = ({ stalledCounter, id = '' }: TakenJob): boolean =>
  stalledCounter > 0 || isRetriedAlone(id);

/** Runs a job alone. While another one does, it gives its place to jobs that nobody suspects. */
async function runAlone(suspect: Suspect): Promise<CarefulEnd> {
  const { cell, job, started, context } = suspect;
  if (!cell.isFree) return putOff(CELL_REST_MS);
  const life = showLife(suspect);
  const end = await cell
    .run({ ...started, data: job.data }, context.signal)
    .finally(() => clearInterval(life));
  if (end.kind === 'done') return end;
  if (end.kind === 'failed') throw end.error;
  if (end.kind === 'poisoned') return setAside(suspect, end.reason);
  if (context.signal.aborted) throw new JobFailedError('Stopped while it ran alone');
  return putOff(INTERRUPTED_REST_MS);
}

const CELL_REST_MS = 500;
const INTERRUPTED_REST_MS = 2_000;
const SIGN_OF_LIFE_MS = 2_000;

const putOff = (ms: number): CarefulEnd => ({ kind: 'put off', ms: ms * (0.5 + Math.random()) });

function showLife({ registered, job, context }: Suspect): NodeJS.Timeout | undefined {
  const { care } = registered;
  if (!care.showLife) return undefined;
  const data = parsed(registered, job.data);
  const show = () =>
    care.showLife?.(data).catch(({ name }: Error) => context.log.debug({ error: name }, 'no sign'));
  void show();
  return setInterval(show, SIGN_OF_LIFE_MS);
}

async function setAside({ registered, job, context }: Suspect, reason: string): Promise<CarefulEnd> {
  const { care } = registered;
  const failure = poisoned(reason);
  context.log.error(failure, 'set aside');
  if (!care.setAside) return { kind: 'dead', failure };
  await care.setAside(parsed(registered, job.data), failure);
  return { kind: 'done' };
}
