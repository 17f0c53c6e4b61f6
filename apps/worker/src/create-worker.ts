import { NestFactory } from '@nestjs/core';
import { NestLogger, type Pool } from '#platform';
import { type DeadLetterStore, JobRunner, type QueueBackend, type Queues } from '#queue';
import type { Sync } from '#sync';
import { permanentIdentityCodes } from './identity-commands/identity-command.jobs.js';
import { IdentityCommandsProcessor } from './identity-commands/identity-commands.processor.js';
import { ImportsProcessor } from './imports/imports.processor.js';
import { maintenanceSweeps } from './maintenance.sweeps.js';
import { Sweeper } from './sweeper.js';
import { registerSync } from './sync/sync.processor.js';
import { WorkerModule } from './worker.module.js';

export interface WorkerParts {
  readonly pool: Pool;
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly deadLetterStore: DeadLetterStore;
  /** Absent: CRMs are not synced here. */
  readonly sync?: Sync;
}

export interface RunningWorker {
  /** Takes no further job and waits for the running ones. */
  close(): Promise<void>;
}

/** Starts the job processors and the sweeps that re-enqueue what PostgreSQL says is due. */
export async function createWorker({
  pool,
  backend,
  queues,
  deadLetterStore,
  sync,
}: WorkerParts): Promise<RunningWorker> {
  const app = await NestFactory.createApplicationContext(WorkerModule.over(pool), {
    logger: new NestLogger(),
  });
  const runner = new JobRunner({
    backend,
    deadLetters: deadLetterStore,
    permanentCodes: permanentIdentityCodes,
  });
  app.get(IdentityCommandsProcessor).register(runner);
  const importSweeps = app.get(ImportsProcessor).register(runner, { pool, queues });
  const syncSweeps = sync ? registerSync(runner, sync, queues) : [];
  await runner.start();
  const sweeper = new Sweeper();
  sweeper.start([...maintenanceSweeps(pool, deadLetterStore), ...importSweeps, ...syncSweeps]);
  return {
    close: async () => {
      await sweeper.stop();
      await runner.close();
      await app.close();
    },
  };
}
