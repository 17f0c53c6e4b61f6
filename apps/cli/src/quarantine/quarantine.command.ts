import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';
import { table } from '../table.js';

interface Filter {
  readonly connection?: string;
  readonly stream?: string;
  readonly code?: string;
}

/** Records that could not be taken: looked at, fetched again, or let go, over the API of a running service. */
export const quarantineCommand = (): Command =>
  new Command('quarantine')
    .description('records that could not be taken')
    .addCommand(
      new Command('list')
        .description('newest first, with the reason')
        .argument('<connection>', 'name or id')
        .option('--status <status>', 'waiting or discarded', 'waiting')
        .option('--stream <stream>')
        .option('--code <code>', 'why, such as MISSING')
        .option('--limit <count>', 'how many at most', '50')
        .action(list),
    )
    .addCommand(
      new Command('show')
        .description('one of them; with an admin key, also what the source sent')
        .argument('<id>')
        .action(show),
    )
    .addCommand(bulk('replay', 'fetch records again now, and take what can be taken'))
    .addCommand(bulk('discard', 'let records go until they change at the source'));

const Quarantined = z.object({
  id: z.string(),
  stream: z.string(),
  external_id: z.string(),
  status: z.string(),
  code: z.string(),
  reason: z.string(),
  attempts: z.number(),
  updated_at: z.string(),
});

async function list(connection: string, filter: Record<string, string>): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const { id } = await findConnection(api, connection);
  const query = new URLSearchParams({ connection_id: id, ...filter });
  const records = await api.call('GET', `/v1/quarantine?${query}`, z.array(Quarantined));
  const rows = records.map((record) => [
    record.id,
    record.updated_at,
    `${record.stream} ${record.external_id}`,
    String(record.attempts),
    `${record.code}: ${record.reason}`,
  ]);
  process.stdout.write(table(['id', 'last tried', 'record', 'attempts', 'why'], rows));
}

async function show(id: string): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const record = await api.call('GET', `/v1/quarantine/${encodeURIComponent(id)}`, z.looseObject({}));
  process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
}

/** `rollcall quarantine replay ID…`, or all of a connection that match. */
function bulk(action: 'replay' | 'discard', description: string): Command {
  return new Command(action)
    .description(description)
    .argument('[ids...]')
    .option('--connection <connection>', 'name or id: all of it, or those that match')
    .option('--stream <stream>')
    .option('--code <code>')
    .action(async (ids: string[], { connection, ...filter }: Filter) => {
      if ((connection === undefined) === (ids.length === 0)) throw new IdsOrConnectionError();
      const api = ApiClient.fromEnvironment();
      for (const id of ids) await api.call('POST', pathOf(id, action), Quarantined);
      const count = connection === undefined ? ids.length : await all(api, action, connection, filter);
      process.stdout.write(`${count} ${action === 'replay' ? 'will be fetched again' : 'discarded'}\n`);
    });
}

const pathOf = (id: string, action: string) => `/v1/quarantine/${encodeURIComponent(id)}/${action}`;

async function all(api: ApiClient, action: string, connection: string, filter: object): Promise<number> {
  const { id } = await findConnection(api, connection);
  const Totals = z.union([z.object({ replayed: z.int() }), z.object({ discarded: z.int() })]);
  const body = { connection_id: id, ...filter };
  const totals = await api.call('POST', `/v1/quarantine/${action}`, Totals, body);
  return 'replayed' in totals ? totals.replayed : totals.discarded;
}

class IdsOrConnectionError extends Error {
  override readonly name = 'IdsOrConnectionError';
  readonly code = 'IDS_OR_CONNECTION';
  constructor() {
    super('Name either ids, or --connection and what of it is meant');
  }
}
