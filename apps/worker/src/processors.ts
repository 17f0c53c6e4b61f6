import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestLogger, type Pool } from '#platform';
import { JobRegistry, type Queues } from '#queue';
import type { Sync } from '#sync';
import type { Chore } from './housekeeper.js';
import { IdentityCommandsProcessor } from './identity-commands/identity-commands.processor.js';
import { ImportsProcessor } from './imports/imports.processor.js';
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
  readonly chores: readonly Chore[];
}

/** Every job of the service with its handler: the same among others and alone. */
export async function openProcessors({ pool, queues, sync }: ProcessorParts): Promise<Processors> {
  const app = await NestFactory.createApplicationContext(WorkerModule.over(pool), {
    logger: new NestLogger(),
  });
  const jobs = new JobRegistry();
  app.get(IdentityCommandsProcessor).register(jobs, pool);
  const importChores = app.get(ImportsProcessor).register(jobs, { pool, queues });
  const syncChores = sync ? registerSync(jobs, sync, queues) : [];
  return { app, jobs, chores: [...importChores, ...syncChores] };
}
