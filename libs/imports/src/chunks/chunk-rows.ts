import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import type { ImportMapping } from '../mapping/import-mapping.schema.js';
import type { SourceRow } from '../reading/source-row.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The rows of a chunk as they are kept until they are applied. */
export const packRows = (rows: readonly SourceRow[]): Promise<Buffer> =>
  compress(JSON.stringify(rows), { level: constants.Z_BEST_SPEED });

export async function unpackRows(packed: Uint8Array): Promise<SourceRow[]> {
  return JSON.parse((await decompress(packed)).toString());
}

const MOST_ROWS = 1_000;
const MOST_VALUES = 40_000;

/** Rows per chunk: few for a mapping that makes much of a row, since a chunk is decided and written as a whole. */
export const rowsPerChunk = ({ properties }: ImportMapping): number =>
  Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / (Object.keys(properties).length + 3))));
