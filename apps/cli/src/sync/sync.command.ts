import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';

const RunAnswer = z.object({
  id: z.string(),
  stream: z.string(),
  mode: z.string(),
  status: z.string(),
  pages: z.number(),
  counts: z.record(z.string(), z.number()),
  error: z.string().nullable(),
});
type RunAnswer = z.output<typeof RunAnswer>;

interface RunOptions {
  readonly full?: boolean;
  readonly dryRun?: boolean;
  readonly stream?: string;
  readonly wait?: boolean;
}

export const syncCommand = (): Command =>
  new Command('sync').description('runs of CRM connections').addCommand(
    new Command('run')
      .description('read what changed, or everything with --full')
      .argument('<connection>', 'name or id')
      .option('--full', 'read everything')
      .option('--dry-run', 'read everything, change nothing, say what would change')
      .option('--stream <stream>', 'only this one, such as contacts')
      .option('--wait', 'until it is over')
      .action(async (nameOrId: string, options: RunOptions) => {
        const api = ApiClient.fromEnvironment();
        const { id } = await findConnection(api, nameOrId);
        const body = { mode: modeOf(options), stream: options.stream };
        const runs = await api.call('POST', `/v1/connections/${id}/runs`, z.array(RunAnswer), body);
        for (const run of runs) {
          const shown = options.wait ? await waitFor(api, run.id) : run;
          process.stdout.write(line(shown));
          if (shown.status === 'failed') process.exitCode = 1;
        }
      }),
  );

function modeOf({ full, dryRun }: RunOptions): string {
  if (dryRun) return 'dry_run';
  return full ? 'full' : 'incremental';
}

const POLL_MS = 500;

async function waitFor(api: ApiClient, runId: string): Promise<RunAnswer> {
  for (;;) {
    const run = await api.call('GET', `/v1/runs/${runId}`, RunAnswer);
    if (run.status !== 'waiting' && run.status !== 'running') return run;
    await sleep(POLL_MS);
  }
}

function line({ id, stream, mode, status, counts, error }: RunAnswer): string {
  const done = Object.entries(counts).map(([action, count]) => `${action} ${count}`);
  const text = [`${stream}: ${mode} run ${id} ${status}`, ...done].join(', ');
  return error ? `${text}\n  ${error}\n` : `${text}\n`;
}
