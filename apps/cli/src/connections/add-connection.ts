import { Command, InvalidArgumentError } from 'commander';
import { ApiClient } from '../api-client.js';
import { ConnectionAnswer } from './connection-calls.js';
import { secretFrom } from './secret-prompt.js';

interface AddOptions {
  readonly name?: string;
  readonly token?: string;
  readonly clientSecret?: string;
  readonly project?: string;
  readonly setting: Record<string, unknown>;
  readonly every: number | 'never';
  readonly check: boolean;
}

export const addConnection = (): Command =>
  new Command('add')
    .description('connect a CRM account')
    .argument('<kind>', 'hubspot')
    .option('--name <name>', 'what to call it (default: the kind)')
    .option('--token <token>', 'access token (or HUBSPOT_TOKEN, or asked for)')
    .option('--client-secret <secret>', 'signs webhooks (or HUBSPOT_CLIENT_SECRET)')
    .option('--project <id>', 'where its identities live')
    .option('--setting <key=value>', 'a setting of the connector; may come several times', setting, {})
    .option('--every <seconds>', 'seconds between runs, or "never"', interval, 900)
    .option('--no-check', 'do not ask the vendor first')
    .action(async (kind: string, options: AddOptions) => {
      const api = ApiClient.fromEnvironment();
      const connection = await api.call(
        'POST',
        '/v1/connections',
        ConnectionAnswer,
        await bodyOf(kind, options),
      );
      process.stdout.write(summary(connection, api.url));
    });

async function bodyOf(kind: string, options: AddOptions) {
  const prefix = kind.toUpperCase().replaceAll('-', '_');
  const clientSecret = options.clientSecret ?? process.env[`${prefix}_CLIENT_SECRET`];
  return {
    kind,
    name: options.name ?? kind,
    project_id: options.project,
    settings: options.setting,
    secrets: {
      accessToken: await secretFrom(options.token, '--token', `${prefix}_TOKEN`),
      ...(clientSecret ? { clientSecret } : {}),
    },
    every_seconds: options.every === 'never' ? null : options.every,
    check: options.check,
  };
}

function summary(
  { id, name, account_id, every_seconds, webhook_url }: ConnectionAnswer,
  url: string,
): string {
  const webhook = webhook_url.startsWith('/') ? url + webhook_url : webhook_url;
  const lines: [string, string][] = [
    ['Id', id],
    ['Account', account_id ?? 'not asked yet: rollcall connections test'],
    ['Runs', every_seconds === null ? 'when asked' : `every ${every_seconds} s, the first one now`],
    ['Webhook', webhook],
  ];
  return [`Connected ${name}`, ...lines.map(([label, value]) => `  ${label.padEnd(8)} ${value}`), ''].join(
    '\n',
  );
}

/** `base_url=http://…` as the connector spells it: `baseUrl`. JSON values are taken as such. */
function setting(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const [, key = '', value = ''] = /^([a-z][\w-]*)=(.*)$/is.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError('expected key=value');
  const name = key.replaceAll(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());
  return { ...before, [name]: jsonOr(value) };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is what most settings are.
    return text;
  }
}

function interval(text: string): number | 'never' {
  if (text === 'never') return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected seconds, or "never"');
  return Number(text);
}
