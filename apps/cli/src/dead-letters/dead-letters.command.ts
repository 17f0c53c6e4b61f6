import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { table } from '../table.js';

interface Filter {
  readonly queue?: string;
  readonly job?: string;
  readonly code?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Jobs that were given up: looked at, put back, or let go, over the API of a running service. */
export const deadLettersCommand = (): Command =>
  new Command('dead-letters')
    .description('jobs that were given up (ROLLCALL_URL, ROLLCALL_API_KEY with scope admin)')
    .addCommand(
      filtered(new Command('list').description('newest first'))
        .option('--status <status>', 'waiting, retried or discarded')
        .option('--limit <count>', 'how many at most', '50')
        .action(list),
    )
    .addCommand(bulk('retry', 'put jobs back on their queues', retried))
    .addCommand(bulk('discard', 'let jobs go and erase their data', discarded));

const filtered = (command: Command): Command =>
  command
    .option('--queue <name>')
    .option('--job <name>', "the job's name")
    .option('--code <code>', 'why, such as JOB_INVALID')
    .option('--from <time>', 'given up at this time (ISO 8601) or later')
    .option('--to <time>', 'given up before this time');

const Letter = z.object({
  id: z.string(),
  queue: z.string(),
  job: z.string(),
  code: z.string(),
  reason: z.string(),
  status: z.string(),
  failed_at: z.string(),
});

async function list(query: Filter & { status?: string; limit: string }): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const letters = await api.call('GET', `/v1/dead-letters${search({ ...query })}`, z.array(Letter));
  const rows = letters.map((letter) => [
    letter.id,
    letter.failed_at,
    letter.status,
    letter.queue,
    letter.job,
    `${letter.code}: ${letter.reason}`,
  ]);
  process.stdout.write(table(['id', 'failed', 'status', 'queue', 'job', 'why'], rows));
}

type BulkAction = (api: ApiClient, query: string) => Promise<string>;

/** `rollcall dead-letters retry ID…`, or by filter, or `--all`; never all of them by leaving something out. */
function bulk(action: 'retry' | 'discard', description: string, byFilter: BulkAction): Command {
  return filtered(new Command(action).description(description).argument('[ids...]'))
    .option('--all', 'every one that waits')
    .action(async (ids: string[], { all, ...filter }: Filter & { all?: boolean }) => {
      const api = ApiClient.fromEnvironment();
      if (ids.length === 0) {
        const query = search({ ...filter, ...(all && { all: 'true' }) });
        process.stdout.write(`${await byFilter(api, query)}\n`);
        return;
      }
      if (all || Object.keys(filter).length > 0) throw new IdsOrFilterError();
      for (const id of ids) {
        const { status } = await api.call(
          'POST',
          `/v1/dead-letters/${encodeURIComponent(id)}/${action}`,
          Letter,
        );
        process.stdout.write(`${id} ${status}\n`);
      }
    });
}

async function retried(api: ApiClient, query: string): Promise<string> {
  const Totals = z.object({ retried: z.int(), unreadable: z.int() });
  const { retried, unreadable } = await api.call('POST', `/v1/dead-letters/retry${query}`, Totals);
  const rest = unreadable > 0 ? `; ${unreadable} are sealed with a key that is gone and still wait` : '';
  return `${retried} put back on their queues${rest}`;
}

async function discarded(api: ApiClient, query: string): Promise<string> {
  const Totals = z.object({ discarded: z.int() });
  const { discarded } = await api.call('POST', `/v1/dead-letters/discard${query}`, Totals);
  return `${discarded} discarded`;
}

function search(given: Record<string, string>): string {
  const text = new URLSearchParams(given).toString();
  return text === '' ? '' : `?${text}`;
}

class IdsOrFilterError extends Error {
  override readonly name = 'IdsOrFilterError';
  readonly code = 'IDS_OR_FILTER';
  constructor() {
    super('Name either ids or a filter, not both');
  }
}
