import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ImportWork, importChunkJob } from '#imports';
import { createLogger, type Pool } from '#platform';
import type { JobRegistry, Queues } from '#queue';
import type { Chore } from '../housekeeper.js';

const SECOND = 1_000;

/** Applies the chunks of imports, each through the same command as any other batch. */
@Injectable()
export class ImportsProcessor {
  constructor(private readonly commandBus: CommandBus) {}

  /** @returns the chores that keep imports going whatever the queue forgets. */
  register(registry: JobRegistry, { pool, queues }: { pool: Pool; queues: Queues }): Chore[] {
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
        setAside: (chunk, failure) => work.giveUp(chunk, failure),
      },
    );
    return [
      { name: 'imports', everyMs: 2 * SECOND, run: () => work.housekeeping.run() },
      { name: 'import-leftovers', everyMs: 60 * SECOND, run: () => work.housekeeping.dropLeftovers() },
    ];
  }
}
