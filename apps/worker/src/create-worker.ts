import { IDENTITY_COMMANDS_QUEUE } from '#identity';
import { IMPORTS_QUEUE } from '#imports';
import { createLogger, type Pool } from '#platform';
import { type DeadLetterStore, JobRunner, type QueueBackend, type Queues, SolitaryCell } from '#queue';
import { SYNC_QUEUE, type Sync } from '#sync';
import { Housekeeper } from './housekeeper.js';
import { permanentIdentityCodes } from './identity-commands/identity-command.jobs.js';
import { openProcessors } from './processors.js';
import { retentionChores } from './retention.housekeeping.js';
import type { SolitarySetup } from './solitary/solitary-setup.js';

export interface WorkerParts {
  readonly pool: Pool;
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly deadLetterStore: DeadLetterStore;
  /** Absent: CRMs are not synced here. */
  readonly sync?: Sync;
  /** How long a worker may say nothing before its jobs go to another one; absent: as long as the runner has it. */
  readonly lostAfterMs?: number;
  /** How jobs run alone that may have taken down a worker; absent: they run among the others. */
  readonly alone?: { readonly setup: SolitarySetup; readonly stalledAfterMs: number };
}

/** The queues whose jobs it takes. */
export const workedQueues = [IDENTITY_COMMANDS_QUEUE, IMPORTS_QUEUE, SYNC_QUEUE] as const;

export interface RunningWorker {
  /** Takes no further job and waits for the running ones. */
  close(): Promise<void>;
}

/** Starts the job processors and the housekeeping that re-enqueues what PostgreSQL says is due. */
export async function createWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { pool, backend, deadLetterStore } = parts;
  const { app, jobs, chores } = await openProcessors(parts);
  const cell = cellOf(parts);
  const runner = new JobRunner({
    backend,
    jobs,
    deadLetters: deadLetterStore,
    permanentCodes: permanentIdentityCodes,
    ...(parts.lostAfterMs && { lockDurationMs: parts.lostAfterMs }),
    ...(cell && { cell }),
  });
  await runner.start();
  const housekeeper = new Housekeeper();
  housekeeper.start([...retentionChores(pool, deadLetterStore), ...chores]);
  return {
    close: async () => {
      await housekeeper.stop();
      await runner.close();
      await app.close();
    },
  };
}

const cellOf = ({ alone, queues, backend }: WorkerParts): SolitaryCell | undefined =>
  alone &&
  new SolitaryCell({
    ...alone,
    entry: new URL('./solitary/main.js', import.meta.url),
    queues,
    calls: backend.calls,
    log: createLogger('alone'),
  });
