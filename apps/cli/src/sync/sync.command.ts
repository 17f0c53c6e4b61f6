import { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';
import { follow } from './follow-run.js';
import { printRun } from './print-run.js';
import { type FollowedRun, StartedRuns } from './run.wire.js';

interface RunOptions {
  readonly full?: boolean;
  readonly dryRun?: boolean;
  readonly sweep?: boolean;
  readonly allowSweep?: boolean;
  readonly stream?: string;
  readonly wait?: boolean;
}

export const syncCommand = (): Command =>
  new Command('sync')
    .description('runs of CRM connections')
    .addCommand(
      new Command('run')
        .description('read what changed, or everything with --full')
        .argument('<connection>', 'name or id')
        .option('--full', 'read everything, and delete what is gone at the source')
        .option('--sweep', 'only look for what is gone at the source')
        .option('--allow-sweep', 'with --full or --sweep: however much is gone')
        .option('--dry-run', 'read everything, change nothing, show what would change')
        .option('--stream <stream>', 'only this one, such as contacts')
        .option('--wait', 'until it is over')
        .action(async (nameOrId: string, options: RunOptions) => {
          const { stream, allowSweep } = options;
          const body = { mode: modeOf(options), stream, allow_sweep: allowSweep };
          await start(nameOrId, body, Boolean(options.wait || options.dryRun));
        }),
    )
    .addCommand(
      new Command('record')
        .description('read single records and apply them at once')
        .argument('<connection>', 'name or id')
        .argument('<stream>', 'such as contacts')
        .argument('<ids...>', 'ids at the source, up to 100')
        .action((nameOrId: string, stream: string, ids: readonly string[]) =>
          start(nameOrId, { mode: 'record', stream, external_ids: ids }, true),
        ),
    );

async function start(nameOrId: string, body: unknown, wait: boolean): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const { id } = await findConnection(api, nameOrId);
  const runs = await api.call('POST', `/v1/connections/${id}/runs`, StartedRuns, body);
  for (const run of runs) {
    const shown: FollowedRun = wait ? await follow(api, run.id) : { ...run, samples: null };
    printRun(shown);
    if (shown.status === 'failed') process.exitCode = 1;
  }
}

function modeOf({ full, dryRun, sweep }: RunOptions): string {
  if (dryRun) return 'dry_run';
  if (sweep) return 'sweep';
  return full ? 'full' : 'incremental';
}
