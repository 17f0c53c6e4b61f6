import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../api-client.js';
import { table } from '../table.js';
import { readMapping } from './change-connection.js';
import { findConnection } from './connection-calls.js';

const Field = z.object({
  name: z.string(),
  label: z.string(),
  type: z.string(),
  unique: z.boolean().optional(),
  options: z.array(z.string()).optional(),
});

const Previewed = z.object({
  external_id: z.string(),
  mapped: z.record(z.string(), z.unknown()).nullable(),
  errors: z.array(z.object({ field: z.string(), reason: z.string() })),
  stored: z.object({ id: z.string(), found_by: z.string() }).nullable(),
  action: z.string().nullable(),
  reason: z.string().nullable(),
  diff: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })).nullable(),
});
type Previewed = z.output<typeof Previewed>;

export const listFields = (): Command =>
  new Command('fields')
    .description("the vendor's own fields of a stream, for a mapping")
    .argument('<connection>', 'name or id')
    .argument('<stream>', 'such as contacts')
    .action(async (nameOrId: string, stream: string) => {
      const api = ApiClient.fromEnvironment();
      const { id } = await findConnection(api, nameOrId);
      const path = `/v1/connections/${id}/fields?stream=${encodeURIComponent(stream)}`;
      const fields = await api.call('GET', path, z.array(Field));
      const rows = fields.map(({ name, label, type, unique, options = [] }) => [
        name,
        label,
        type + (unique ? ', unique' : ''),
        options.slice(0, 5).join(' | ') + (options.length > 5 ? ' | …' : ''),
      ]);
      process.stdout.write(table(['name', 'label', 'type', 'options'], rows));
    });

interface PreviewOptions {
  readonly mapping?: string;
  readonly id?: readonly string[];
  readonly limit?: number;
  readonly json?: boolean;
}

export const previewRecords = (): Command =>
  new Command('preview')
    .description('look at live records through a mapping, beside what is stored; changes nothing')
    .argument('<connection>', 'name or id')
    .argument('<stream>', 'such as contacts')
    .option('--mapping <file>', 'a mapping in YAML or JSON (default: its own)')
    .option('--id <id...>', 'these records')
    .option('--limit <number>', 'or so many of the first ones, up to 20', count)
    .option('--json', 'everything, with the raw records, as JSON')
    .action(async (nameOrId: string, stream: string, options: PreviewOptions) => {
      const api = ApiClient.fromEnvironment();
      const { id } = await findConnection(api, nameOrId);
      const body = {
        stream,
        ...(options.mapping === undefined ? {} : { mapping: readMapping(options.mapping) }),
        ...(options.id && { external_ids: options.id }),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
      };
      const path = `/v1/connections/${id}/preview`;
      const answer = await api.call('POST', path, z.array(options.json ? z.unknown() : Previewed), body);
      process.stdout.write(
        options.json
          ? `${JSON.stringify(answer, null, 2)}\n`
          : (answer as Previewed[]).map(lines).join('\n') || 'No records\n',
      );
    });

function lines({ external_id, mapped, errors, stored, action, reason, diff }: Previewed): string {
  const because = reason === null ? '' : `: ${reason}`;
  const beside = stored ? `, stored as ${stored.id} (found by ${stored.found_by})` : '';
  return [
    `${external_id}  ${action ?? 'nothing to do'}${errors.length > 0 ? '' : because}${beside}`,
    ...errors.map(({ field, reason: what }) => `  ! ${field} ${what}`),
    ...(diff
      ? Object.entries(diff).map(([field, { from, to }]) => `  ~ ${field}: ${json(from)} → ${json(to)}`)
      : Object.entries(mapped ?? {}).map(([field, value]) => `    ${field}: ${json(value)}`)),
    '',
  ].join('\n');
}

const json = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function count(text: string): number {
  if (!/^([1-9]|1\d|20)$/.test(text)) throw new InvalidArgumentError('expected a number from 1 to 20');
  return Number(text);
}
