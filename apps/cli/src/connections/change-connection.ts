import { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { YamlSource } from '../apply/yaml-source.js';
import { ConnectionAnswer, findConnection } from './connection-calls.js';
import { findConnector } from './connector-calls.js';
import { interval, type ScheduleOptions, scheduleBody } from './schedule-options.js';
import { readSecrets, type SecretOption, secretOption } from './secret-options.js';
import { showConnection } from './show-connection.js';
import { keyValue, type Pair, typed, typedSettings } from './typed-input.js';

interface SetOptions extends ScheduleOptions {
  readonly name?: string;
  readonly setting?: readonly Pair[];
  readonly policy?: readonly Pair[];
  readonly mapping?: readonly Pair[];
  readonly mappingVersion?: string;
  readonly check: boolean;
}

export const setConnection = (): Command =>
  new Command('set')
    .description('change what is named, leave the rest')
    .argument('<connection>', 'name or id')
    .option('--name <name>', 'another name')
    .option('--setting <key=value>', 'a setting; an empty value takes it away', keyValue)
    .option('--policy <key=value>', 'a policy, as text or JSON; an empty value: its default', keyValue)
    .option(
      '--mapping <stream=file>',
      'a mapping in YAML or JSON; an empty value: the stream is not synced',
      keyValue,
    )
    .option('--mapping-version <number>', 'go back to a mapping it had')
    .option('--every <seconds>', 'seconds between runs, or "never"', interval)
    .option('--cron <expression>', 'instead: minute hour day-of-month month day-of-week')
    .option('--time-zone <name>', 'of the cron expression')
    .option('--no-check', 'do not ask the vendor before new settings are stored')
    .action(async (nameOrId: string, options: SetOptions) => {
      const api = ApiClient.fromEnvironment();
      const { id, kind } = await findConnection(api, nameOrId);
      const { settings } = await findConnector(api, kind);
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.setting && { settings: typedSettings(options.setting, settings) }),
        ...(options.policy && { policies: policiesOf(options.policy) }),
        ...(options.mapping && { mapping: mappingsOf(options.mapping) }),
        ...(options.mappingVersion === undefined ? {} : { mapping_version: Number(options.mappingVersion) }),
        ...scheduleBody(options),
        check: options.check,
      };
      const changed = await api.call('PATCH', `/v1/connections/${id}`, ConnectionAnswer, body);
      process.stdout.write(showConnection(changed, api.url));
    });

export const rotateConnection = (): Command =>
  new Command('rotate')
    .description('give it new secrets; those that are not named stay')
    .argument('<connection>', 'name or id')
    .requiredOption('--secret <name[=@file|=env:VAR]>', 'asked for unless it says where it is', secretOption)
    .option('--no-check', 'do not ask the vendor first')
    .action(async (nameOrId: string, options: { secret: readonly SecretOption[]; check: boolean }) => {
      const api = ApiClient.fromEnvironment();
      const { id, kind } = await findConnection(api, nameOrId);
      const connector = await findConnector(api, kind);
      const secrets = await readSecrets(options.secret, connector.secrets, kind);
      const body = { secrets, check: options.check };
      const { name, status } = await api.call(
        'POST',
        `/v1/connections/${id}/secrets`,
        ConnectionAnswer,
        body,
      );
      process.stdout.write(`${name}: ${status}, new ${Object.keys(secrets).join(', ')}\n`);
    });

const policiesOf = (pairs: readonly Pair[]) =>
  Object.fromEntries(pairs.map(([key, value]) => [key, value === '' ? null : typed(value, null)]));

const mappingsOf = (pairs: readonly Pair[]) =>
  Object.fromEntries(pairs.map(([stream, file]) => [stream, file === '' ? null : readMapping(file)]));

/** JSON is YAML as well. */
export const readMapping = (file: string): unknown => YamlSource.read(file).value;
