import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestLogger, type Pool } from '#platform';
import { JobRegistry, type Queues } from '#queue';
import type { Sync } from '#sync';
import { IdentityCommandsProcessor } from './identity-commands/identity-commands.processor.js';
import { ImportsProcessor } from './imports/imports.processor.js';
import type { Sweep } from './sweeper.js';
import { registerSync } from './sync/sync.processor.js';
import { WorkerModule } from './worker.module.js';

export interface ProcessorParts {
  readonly pool: Pool;
  readonly queues: Queues;
  /** Absent: CRMs are not synced here. */
  readonly sync?: Sync | undefined;
}

export interface Processors {
  readonly app: INestApplicationContext;
  readonly jobs: JobRegistry;
  readonly sweeps: readonly Sweep[];
}

/** Every job of the service with its handler: the same among others and alone. */
export async function openProcessors({ pool, queues, sync }: ProcessorParts): Promise<Processors> {
  const app = await NestFactory.createApplicationContext(WorkerModule.over(pool), {
    logger: new NestLogger(),
  });
  const jobs = new JobRegistry();
  app.get(IdentityCommandsProcessor).register(jobs, pool);
  const importSweeps = app.get(ImportsProcessor).register(jobs, { pool, queues });
  const syncSweeps = sync ? registerSync(jobs, sync, queues) : [];
  return { app, jobs, sweeps: [...importSweeps, ...syncSweeps] };
}
