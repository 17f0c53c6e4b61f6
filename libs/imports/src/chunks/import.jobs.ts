import { z } from 'zod';
import { defineJob } from '#queue';

export const IMPORTS_QUEUE = 'imports';

/** Single commands go before bulk work. */
const BULK = 10;

/** Applies one chunk of an import. It carries names, not rows: those stay in PostgreSQL until they are applied. */
export const importChunkJob = defineJob({
  queue: IMPORTS_QUEUE,
  name: 'import.chunk',
  schema: z.strictObject({ import_id: z.uuid(), number: z.int().min(0) }),
  priority: BULK,
});

/** A chunk has one job at a time, however often it is found due; `another` names a further one. */
export const chunkJobId = (importId: string, number: number, another?: number): string =>
  `import-${importId}-${number}${another === undefined ? '' : `-${another}`}`;

/** Whether the job of this id is a further one: the first one's worker may have been taken down by the chunk. */
export const isAnotherTry = (jobId: string): boolean =>
  /-\d+-\d+$/.test(jobId.slice('import-'.length + UUID_LENGTH));

const UUID_LENGTH = 36;
