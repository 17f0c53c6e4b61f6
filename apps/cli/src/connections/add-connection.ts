import { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { ConnectionAnswer, describeSchedule } from './connection-calls.js';
import { type ConnectorAnswer, findConnector, propertiesOf } from './connector-calls.js';
import { interval, type ScheduleOptions, scheduleBody } from './schedule-options.js';
import { readSecrets, type SecretOption, secretOption, variableFor } from './secret-options.js';
import { secretFrom } from './secret-prompt.js';
import { keyValue, type Pair, typedSettings } from './typed-input.js';

interface AddOptions extends ScheduleOptions {
  readonly name?: string;
  readonly token?: string;
  readonly clientSecret?: string;
  readonly secret: readonly SecretOption[];
  readonly project?: string;
  readonly setting: readonly Pair[];
  readonly check: boolean;
}

export const addConnection = (): Command =>
  new Command('add')
    .description('connect a CRM account')
    .argument('<kind>', 'such as hubspot; `rollcall connections kinds` lists them')
    .option('--name <name>', 'what to call it (default: the kind)')
    .option(
      '--secret <name[=@file|=env:VAR]>',
      'a secret of the connector, asked for unless it says where it is',
      secretOption,
      [],
    )
    .option('--token <token>', 'the access token (or <KIND>_TOKEN, or asked for)')
    .option('--client-secret <secret>', 'signs webhooks (or <KIND>_CLIENT_SECRET)')
    .option('--project <id>', 'where its identities live')
    .option('--setting <key=value>', 'a setting of the connector; may come several times', keyValue, [])
    .option('--every <seconds>', 'seconds between runs, or "never" (default: 900)', interval)
    .option('--cron <expression>', 'instead: minute hour day-of-month month day-of-week')
    .option('--time-zone <name>', 'of --cron (default: UTC)')
    .option('--no-check', 'do not ask the vendor first')
    .action(async (kind: string, options: AddOptions) => {
      const api = ApiClient.fromEnvironment();
      const connector = await findConnector(api, kind);
      const body = {
        kind,
        name: options.name ?? kind,
        project_id: options.project,
        settings: typedSettings(options.setting, connector.settings),
        secrets: await secretsOf(connector, options),
        ...scheduleBody(options),
        check: options.check,
      };
      const connection = await api.call('POST', '/v1/connections', ConnectionAnswer, body);
      process.stdout.write(summary(connection, api.url));
    });

/** What was named; what the environment holds; and what the connector cannot do without is asked for. */
async function secretsOf(connector: ConnectorAnswer, options: AddOptions): Promise<Record<string, unknown>> {
  const { kind, secrets: schema } = connector;
  const named = await readSecrets(options.secret, schema, kind);
  const found = { ...fromEnvironment(connector), ...fromFlags(connector, options), ...named };
  const missing = schema.required.filter((name) => !(name in found)).map((name) => ({ name }));
  const secrets = { ...found, ...(await readSecrets(missing, schema, kind)) };
  if (options.secret.length > 0 || hasToken(secrets) || !('accessToken' in propertiesOf(schema)))
    return secrets;
  return { ...secrets, accessToken: await secretFrom(options.token, '--token', variableFor(kind, 'token')) };
}

const hasToken = (secrets: Record<string, unknown>): boolean =>
  'accessToken' in secrets || 'refreshToken' in secrets;

function fromEnvironment({ kind, secrets }: ConnectorAnswer): Record<string, string> {
  return Object.fromEntries(
    Object.entries(propertiesOf(secrets)).flatMap(([name, { type }]) => {
      const value = process.env[variableFor(kind, name)];
      return value && type === 'string' ? [[name, value]] : [];
    }),
  );
}

function fromFlags({ kind, secrets }: ConnectorAnswer, { token, clientSecret }: AddOptions) {
  const given = { [tokenName(secrets)]: token ?? process.env[variableFor(kind, 'token')], clientSecret };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** What `--token` is to this connector. */
const tokenName = (schema: ConnectorAnswer['secrets']): string =>
  ['accessToken', 'apiToken', 'apiKey', 'token'].find((name) => name in propertiesOf(schema)) ??
  'accessToken';

function summary(connection: ConnectionAnswer, url: string): string {
  const { id, name, account_id, every_seconds, webhook_url } = connection;
  const webhook = webhook_url.startsWith('/') ? url + webhook_url : webhook_url;
  const lines: [string, string][] = [
    ['Id', id],
    ['Account', account_id ?? 'not asked yet: rollcall connections test'],
    ['Runs', describeSchedule(connection) + (every_seconds === null ? '' : ', the first one now')],
    ['Webhook', webhook],
  ];
  return [`Connected ${name}`, ...lines.map(([label, value]) => `  ${label.padEnd(8)} ${value}`), ''].join(
    '\n',
  );
}
