import { z } from 'zod';
import type { FakeReply } from '../../testing/fake-server.js';
import type { FakeRecord } from '../../testing/record-table.js';
import { intercomError, pages } from './intercom-answers.js';
import { contactJson, seconds } from './intercom-json.js';
import type { IntercomWorkspace } from './intercom-workspace.js';

const filterSchema = z.object({
  field: z.string(),
  operator: z.enum(['=', '!=', '<', '>', 'IN', 'NIN', '~']),
  value: z.union([z.string(), z.number(), z.null(), z.array(z.string())]),
});
type Filter = z.output<typeof filterSchema>;

const searchSchema = z.object({
  query: z.union([
    z.object({ operator: z.enum(['AND', 'OR']), value: z.array(filterSchema).min(1).max(15) }),
    filterSchema.transform((filter) => ({ operator: 'AND' as const, value: [filter] })),
  ]),
  pagination: z
    .object({ per_page: z.int().min(1).max(150).default(50), starting_after: z.string().nullish() })
    .default({ per_page: 50 }),
  sort: z.object({ field: z.string(), order: z.enum(['ascending', 'descending']) }).optional(),
});

/** Sorted by time and id, so that a token means the record it was cut behind. */
export function searchContacts(workspace: IntercomWorkspace, body: unknown): FakeReply {
  const parsed = searchSchema.safeParse(body);
  // There is no >= among the operators.
  if (!parsed.success) return intercomError(400, 'invalid_operator', 'The query is not supported');
  const { query, pagination } = parsed.data;
  const holds = (record: FakeRecord) => {
    const results = query.value.map((filter) => matches(workspace, filter, record));
    return query.operator === 'AND' ? results.every(Boolean) : results.some(Boolean);
  };
  const found = workspace.contacts.listed().filter(holds).sort(byTimeAndId);
  const after = Buffer.from(pagination.starting_after ?? '', 'base64').toString();
  const rest = after === '' ? found : found.filter((record) => positionOf(record) > after);
  const page = rest.slice(0, pagination.per_page);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return {
    status: 200,
    json: {
      type: 'list',
      data: page.map((record) => contactJson(workspace.appId, record)),
      total_count: found.length,
      pages: pages(
        pagination.per_page,
        found.length,
        last && Buffer.from(positionOf(last)).toString('base64'),
      ),
    },
  };
}

function matches(
  { utcOffsetHours }: IntercomWorkspace,
  { field, operator, value }: Filter,
  record: FakeRecord,
): boolean {
  if (field === 'updated_at' || field === 'created_at') {
    const time = field === 'updated_at' ? record.modifiedAt : record.createdAt;
    return matchesDay(operator, dayOf(time, utcOffsetHours), dayOf(Number(value) * 1000, utcOffsetHours));
  }
  const given = field === 'id' ? record.id : (record.fields[field] ?? null);
  if (Array.isArray(value)) return value.includes(String(given)) === (operator === 'IN');
  if (operator === '~') return String(given ?? '').includes(String(value));
  return (given === value) === (operator === '=');
}

/** Both sides are cut to days of the workspace's calendar: `>` starts with the day after. */
function matchesDay(operator: Filter['operator'], given: number, asked: number): boolean {
  if (operator === '>') return given > asked;
  if (operator === '<') return given < asked;
  return (given === asked) === (operator === '=');
}

function dayOf(time: number, utcOffsetHours: number): number {
  return Math.floor((time + utcOffsetHours * 3_600_000) / 86_400_000);
}

const positionOf = (record: FakeRecord): string =>
  `${String(seconds(record.modifiedAt)).padStart(12, '0')}:${record.id}`;

function byTimeAndId(a: FakeRecord, b: FakeRecord): number {
  return positionOf(a) < positionOf(b) ? -1 : 1;
}
