import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';
import { table } from '../table.js';

const ConflictAnswer = z.object({
  id: z.string(),
  stream: z.string(),
  external_id: z.string(),
  identity_id: z.string().nullable(),
  identifier_key: z.string(),
  holder_identity_id: z.string(),
  status: z.string(),
  resolution: z.string().nullable(),
});
type ConflictAnswer = z.output<typeof ConflictAnswer>;

interface Resolution {
  readonly merge?: boolean;
  readonly keep?: boolean;
  readonly rekey?: string;
}

/** None or several resolutions are none. */
export class UnclearResolutionError extends Error {
  override readonly name = 'UnclearResolutionError';
  readonly code = 'UNCLEAR_DECISION';
  constructor() {
    super('Say what to do: exactly one of --merge, --keep, --rekey <key>');
  }
}

export const conflictsCommand = (): Command =>
  new Command('conflicts')
    .description('records whose identifier key another identity has')
    .addCommand(
      new Command('list')
        .description('those that wait for a resolution, newest first')
        .requiredOption('--connection <connection>', 'name or id')
        .option('--all', 'also those that are over')
        .option('--limit <n>', 'how many at most', '50')
        .action(async (options: { connection: string; all?: boolean; limit: string }) => {
          const api = ApiClient.fromEnvironment();
          const { id } = await findConnection(api, options.connection);
          const query = new URLSearchParams({ connection_id: id, limit: options.limit });
          if (!options.all) query.set('status', 'open');
          const conflicts = await api.call('GET', `/v1/conflicts?${query}`, z.array(ConflictAnswer));
          process.stdout.write(table(COLUMNS, conflicts.map(cells)));
        }),
    )
    .addCommand(
      new Command('resolve')
        .description('resolve one, at once')
        .argument('<id>')
        .option('--merge', 'the record and the identity that has the key are one')
        .option('--keep', "the record's identity keeps the key it has")
        .option('--rekey <key>', "the record's identity gets this key instead")
        .action(async (id: string, resolution: Resolution) => {
          const api = ApiClient.fromEnvironment();
          const path = `/v1/conflicts/${encodeURIComponent(id)}/resolve`;
          const conflict = await api.call('POST', path, ConflictAnswer, bodyOf(resolution));
          process.stdout.write(
            `${conflict.stream}/${conflict.external_id}: ${conflict.resolution ?? conflict.status}\n`,
          );
        }),
    );

const COLUMNS = ['id', 'record', 'wants key', 'held by', 'record is', 'status'];

const cells = (conflict: ConflictAnswer): string[] => [
  conflict.id,
  `${conflict.stream}/${conflict.external_id}`,
  conflict.identifier_key,
  conflict.holder_identity_id,
  conflict.identity_id ?? 'no identity',
  conflict.resolution ? `${conflict.status} (${conflict.resolution})` : conflict.status,
];

function bodyOf({ merge, keep, rekey }: Resolution): object {
  const resolutions = [
    ...(merge ? [{ action: 'merge' }] : []),
    ...(keep ? [{ action: 'keep' }] : []),
    ...(rekey === undefined ? [] : [{ action: 'rekey', identifier_key: rekey }]),
  ];
  const [resolution, ...others] = resolutions;
  if (!resolution || others.length > 0) throw new UnclearResolutionError();
  return resolution;
}
