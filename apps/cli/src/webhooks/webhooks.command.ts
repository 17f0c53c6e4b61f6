import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { findConnection } from '../connections/connection-calls.js';
import { table } from '../table.js';

/** What webhooks brought: looked at, and worked off again, over the API of a running service. */
export const webhooksCommand = (): Command =>
  new Command('webhooks')
    .description('what webhooks brought to CRM connections')
    .addCommand(
      filtered(new Command('list').description('newest first').argument('<connection>', 'name or id'))
        .option('--status <status>', 'waiting, done or failed')
        .option('--limit <count>', 'how many at most', '50')
        .action(list),
    )
    .addCommand(
      filtered(
        new Command('replay')
          .description('fetch the records of deliveries again, by id or all of a connection that match')
          .argument('[ids...]'),
      )
        .option('--connection <connection>', 'name or id')
        .option('--status <status>', 'done or failed')
        .option('--until <time>', 'received before this time')
        .action(replay),
    );

const filtered = (command: Command): Command =>
  command
    .option('--stream <stream>', 'such as contacts')
    .option('--external-id <id>', "the record's id at the source")
    .option('--since <time>', 'received at this time (ISO 8601) or later');

interface Filter {
  readonly externalId?: string;
  readonly [option: string]: string | undefined;
}

const Delivery = z.object({
  id: z.string(),
  stream: z.string(),
  external_id: z.string(),
  kind: z.string(),
  status: z.string(),
  attempts: z.number(),
  replays: z.number(),
  error: z.string().nullable(),
  received_at: z.string(),
});

async function list(connection: string, filter: Filter): Promise<void> {
  const api = ApiClient.fromEnvironment();
  const { id } = await findConnection(api, connection);
  const query = new URLSearchParams({ connection_id: id, ...onTheWire(filter) });
  const deliveries = await api.call('GET', `/v1/webhook-deliveries?${query}`, z.array(Delivery));
  const rows = deliveries.map((delivery) => [
    delivery.id,
    delivery.received_at,
    delivery.status,
    delivery.kind,
    `${delivery.stream} ${delivery.external_id}`,
    String(delivery.replays),
    delivery.error ?? '',
  ]);
  process.stdout.write(table(['id', 'received', 'status', 'kind', 'record', 'replays', 'error'], rows));
}

async function replay(ids: string[], { connection, ...filter }: Filter): Promise<void> {
  if ((connection === undefined) === (ids.length === 0)) throw new IdsOrConnectionError();
  const api = ApiClient.fromEnvironment();
  for (const id of ids)
    await api.call('POST', `/v1/webhook-deliveries/${encodeURIComponent(id)}/replay`, Delivery);
  const count = connection === undefined ? ids.length : await replayAll(api, connection, filter);
  process.stdout.write(`${count} will be worked off again\n`);
}

async function replayAll(api: ApiClient, connection: string, filter: Filter): Promise<number> {
  const { id } = await findConnection(api, connection);
  const body = { connection_id: id, ...onTheWire(filter) };
  const Totals = z.object({ replayed: z.int() });
  return (await api.call('POST', '/v1/webhook-deliveries/replay', Totals, body)).replayed;
}

function onTheWire({ externalId, ...filter }: Filter): Record<string, string> {
  const given = { ...filter, external_id: externalId };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

class IdsOrConnectionError extends Error {
  override readonly name = 'IdsOrConnectionError';
  readonly code = 'IDS_OR_CONNECTION';
  constructor() {
    super('Name either ids, or --connection and what of it is meant');
  }
}
