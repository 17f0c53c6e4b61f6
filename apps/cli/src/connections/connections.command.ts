import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { table } from '../table.js';
import { addConnection } from './add-connection.js';
import { ConnectionAnswer, findConnection, listConnections } from './connection-calls.js';

/** Speaks to a running service: secrets are sealed there. */
export const connectionsCommand = (): Command =>
  new Command('connections')
    .description('CRM accounts that identities are mirrored from')
    .addCommand(addConnection())
    .addCommand(
      new Command('list').action(async () => {
        const connections = await listConnections(ApiClient.fromEnvironment());
        process.stdout.write(
          table(['id', 'kind', 'name', 'status', 'account', 'every'], connections.map(cells)),
        );
      }),
    )
    .addCommand(change('test', 'ask the vendor whether it works'))
    .addCommand(change('pause', 'fetch nothing until it is resumed'))
    .addCommand(change('resume', 'go on'))
    .addCommand(
      new Command('remove')
        .description('forget it; its identities stay')
        .argument('<connection>', 'name or id')
        .action(async (nameOrId: string) => {
          const api = ApiClient.fromEnvironment();
          const { id, name } = await findConnection(api, nameOrId);
          await api.call('DELETE', `/v1/connections/${id}`, z.null());
          process.stdout.write(`Removed ${name}; its identities stay\n`);
        }),
    );

const change = (verb: 'test' | 'pause' | 'resume', description: string): Command =>
  new Command(verb)
    .description(description)
    .argument('<connection>', 'name or id')
    .action(async (nameOrId: string) => {
      const api = ApiClient.fromEnvironment();
      const { id } = await findConnection(api, nameOrId);
      const connection = await api.call('POST', `/v1/connections/${id}/${verb}`, ConnectionAnswer);
      const { name, status, account_id } = connection;
      process.stdout.write(`${name}: ${status}, account ${account_id ?? 'unknown'}\n`);
    });

const cells = ({ id, kind, name, status, account_id, every_seconds }: ConnectionAnswer): string[] => [
  id,
  kind,
  name,
  status,
  account_id ?? '',
  every_seconds === null ? 'when asked' : `${every_seconds} s`,
];
