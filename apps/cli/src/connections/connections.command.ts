import { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { table } from '../table.js';
import { addConnection } from './add-connection.js';
import { rotateConnection, setConnection } from './change-connection.js';
import { ConnectionAnswer, describeSchedule, findConnection, listConnections } from './connection-calls.js';
import { listConnectors, propertiesOf } from './connector-calls.js';
import { listFields, previewRecords } from './look-at-records.js';
import { showConnection } from './show-connection.js';

/** Speaks to a running service: secrets are sealed there. */
export const connectionsCommand = (): Command =>
  new Command('connections')
    .description('CRM accounts that identities are mirrored from')
    .addCommand(kinds())
    .addCommand(addConnection())
    .addCommand(list())
    .addCommand(show())
    .addCommand(setConnection())
    .addCommand(change('test', 'ask the vendor whether it works'))
    .addCommand(change('pause', 'fetch nothing until it is resumed'))
    .addCommand(change('resume', 'go on'))
    .addCommand(rotateConnection())
    .addCommand(listFields())
    .addCommand(previewRecords())
    .addCommand(remove());

const kinds = (): Command =>
  new Command('kinds').description('the CRMs there are, and what each takes').action(async () => {
    const connectors = await listConnectors(ApiClient.fromEnvironment());
    const rows = connectors.map(({ kind, settings, secrets, streams }) => [
      kind,
      streams.map(({ id }) => id).join(', '),
      Object.keys(propertiesOf(settings)).join(', '),
      Object.keys(propertiesOf(secrets)).join(', '),
    ]);
    process.stdout.write(table(['kind', 'streams', 'settings', 'secrets'], rows));
  });

const list = (): Command =>
  new Command('list').description('all of them').action(async () => {
    const connections = await listConnections(ApiClient.fromEnvironment());
    process.stdout.write(table(['id', 'kind', 'name', 'status', 'account', 'runs'], connections.map(cells)));
  });

const show = (): Command =>
  new Command('show')
    .description('all about one; never its secrets')
    .argument('<connection>', 'name or id')
    .action(async (nameOrId: string) => {
      const api = ApiClient.fromEnvironment();
      process.stdout.write(showConnection(await findConnection(api, nameOrId), api.url));
    });

const remove = (): Command =>
  new Command('remove')
    .description('forget it; its identities stay')
    .argument('<connection>', 'name or id')
    .action(async (nameOrId: string) => {
      const api = ApiClient.fromEnvironment();
      const { id, name } = await findConnection(api, nameOrId);
      await api.call('DELETE', `/v1/connections/${id}`, z.null());
      process.stdout.write(`Removed ${name}; its identities stay\n`);
    });

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

const cells = (connection: ConnectionAnswer): string[] => [
  connection.id,
  connection.kind,
  connection.name,
  connection.status,
  connection.account_id ?? '',
  describeSchedule(connection),
];
