import { NestFactory } from '@nestjs/core';
import { NestLogger, type Pool } from '#platform';
import { type DeadLetterStore, JobRunner, type QueueBackend } from '#queue';
import { permanentIdentityCodes } from './identity-commands/identity-command.jobs.js';
import { IdentityCommandsProcessor } from './identity-commands/identity-commands.processor.js';
import { maintenanceSweeps } from './maintenance.sweeps.js';
import { Sweeper } from './sweeper.js';
import { WorkerModule } from './worker.module.js';

export interface WorkerParts {
  readonly pool: Pool;
  readonly backend: QueueBackend;
  readonly deadLetterStore: DeadLetterStore;
}

export interface RunningWorker {
  /** Takes no further job and waits for the running ones. */
  close(): Promise<void>;
}

/** Starts the job processors and the sweeps that re-enqueue what PostgreSQL says is due. */
export async function createWorker({ pool, backend, deadLetterStore }: WorkerParts): Promise<RunningWorker> {
  const app = await NestFactory.createApplicationContext(WorkerModule.over(pool), {
    logger: new NestLogger(),
  });
  const runner = new JobRunner({
    backend,
    deadLetters: deadLetterStore,
    permanentCodes: permanentIdentityCodes,
  });
  app.get(IdentityCommandsProcessor).register(runner);
  await runner.start();
  const sweeper = new Sweeper();
  sweeper.start(maintenanceSweeps(pool, deadLetterStore));
  return {
    close: async () => {
      await sweeper.stop();
      await runner.close();
      await app.close();
    },
  };
}
