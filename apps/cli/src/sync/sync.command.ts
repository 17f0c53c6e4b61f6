import { Command } from 'commander';
import { ApiClient, ApiRefusedError } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';
import { follow, isUnderWay } from './follow-run.js';
import { printRun } from './print-run.js';
import { type FollowedRun, type StartedRun, StartedRuns } from './run.wire.js';

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

interface RunBody {
  readonly mode: string;
  readonly stream?: string | undefined;
  readonly external_ids?: readonly string[];
  readonly allow_sweep?: boolean | undefined;
}

async function start(nameOrId: string, body: RunBody, wait: boolean): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const { id } = await findConnection(api, nameOrId);
  const startNow = () => api.call('POST', `/v1/connections/${id}/runs`, StartedRuns, body);
  const others = () => runsInTheWay(api, id, body);
  const runs = wait ? await onceOthersEnded(api, startNow, others) : await startNow();
  for (const run of runs) {
    const shown: FollowedRun = wait ? await follow(api, run.id) : { ...run, samples: null };
    printRun(shown);
    if (shown.status === 'failed') process.exitCode = 1;
  }
}

/** A new connection and a schedule start runs of their own, and a stream has one at a time. */
async function onceOthersEnded(
  api: ApiClient,
  start: () => Promise<StartedRun[]>,
  inTheWay: () => Promise<StartedRun[]>,
): Promise<StartedRun[]> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof ApiRefusedError && error.status === 409)) throw error;
      const others = await inTheWay();
      if (others.length === 0) throw error;
      for (const { id, stream, mode } of others) {
        console.log(`A run of ${stream} (${mode}) is under way; waiting for it to end`);
        await follow(api, id);
      }
    }
  }
}

const ONE_AT_A_TIME: readonly string[] = ['full', 'incremental', 'sweep'];

async function runsInTheWay(
  api: ApiClient,
  connectionId: string,
  { mode, stream }: RunBody,
): Promise<StartedRun[]> {
  if (!ONE_AT_A_TIME.includes(mode)) return [];
  const latest = await api.call('GET', `/v1/runs?connection_id=${connectionId}&limit=100`, StartedRuns);
  return latest
    .filter(isUnderWay)
    .filter((run) => ONE_AT_A_TIME.includes(run.mode) && (stream ?? run.stream) === run.stream);
}

function modeOf({ full, dryRun, sweep }: RunOptions): string {
  if (dryRun) return 'dry_run';
  if (sweep) return 'sweep';
  return full ? 'full' : 'incremental';
}
