import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ImportWork, importChunkJob } from '#imports';
import { createLogger, type Pool } from '#platform';
import type { JobRegistry, Queues } from '#queue';
import type { Sweep } from '../sweeper.js';

const SECOND = 1_000;

/** Applies the chunks of imports, each through the same command as any other batch. */
@Injectable()
export class ImportsProcessor {
  constructor(private readonly commandBus: CommandBus) {}

  /** @returns the sweeps that keep imports going whatever the queue forgets. */
  register(registry: JobRegistry, { pool, queues }: { pool: Pool; queues: Queues }): Sweep[] {
    const work = new ImportWork({
      pool,
      queues,
      upsert: (command) => this.commandBus.execute(command),
      log: createLogger('imports'),
    });
    registry.register(
      importChunkJob,
      ({ import_id, number }, context) => work.applyChunk(import_id, number, context),
      {
        manner: (chunk, { id }) => work.mannerOf(chunk, id),
        showLife: (chunk) => work.showLife(chunk),
        setAside: (chunk, refusal) => work.giveUp(chunk, refusal),
      },
    );
    return [
      { name: 'imports', everyMs: 2 * SECOND, run: () => work.sweeps.run() },
      { name: 'import-leftovers', everyMs: 60 * SECOND, run: () => work.sweeps.dropLeftovers() },
    ];
  }
}
