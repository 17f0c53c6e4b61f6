import { Command } from 'commander';
import { outliveReaders, readConfig } from '#platform';
import { drainOnSignal } from './drain-on-signal.js';
import type { Part } from './part.js';
import { keepHeapSmall } from './small-heap.js';
import { startService } from './start-service.js';

export const startCommand = (): Command =>
  new Command('start')
    .description('run the service: API and worker, on an embedded PostgreSQL unless DATABASE_URL is set')
    .option('--only <part>', 'run just the "api" or the "worker"')
    .option('--demo', 'load a small demo roster')
    .action(async ({ only, demo }: { only?: string; demo?: boolean }) => {
      keepHeapSmall();
      outliveReaders();
      const announce = (greeting: string) => void process.stdout.write(greeting);
      const service = await startService(readConfig(), {
        parts: partsOf(only),
        demo: demo === true,
        announce,
      });
      await drainOnSignal(() => service.close());
    });

function partsOf(only: string | undefined): readonly Part[] {
  if (only === undefined) return ['api', 'worker'];
  if (only === 'api' || only === 'worker') return [only];
  throw new UnknownPartError(only);
}

class UnknownPartError extends Error {
  override readonly name = 'UnknownPartError';
  readonly code = 'UNKNOWN_PART';
  constructor(part: string) {
    super(`--only takes "api" or "worker", not "${part}"`);
  }
}
