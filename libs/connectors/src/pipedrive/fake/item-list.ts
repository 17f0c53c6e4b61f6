import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { itemJson } from './item-json.js';
import type { FakeItem, ItemTable } from './item-table.js';
import { badRequest } from './pipedrive-errors.js';
import type { PipedriveEntity } from './webhook-outbox.js';

export interface ListParts {
  readonly entity: PipedriveEntity;
  readonly table: ItemTable;
  readonly deletedReads: 'flagged' | 'missing';
}

/** `GET /api/v2/persons` and its like: ids, or a filtered and sorted page behind a cursor. */
export function listItems(parts: ListParts, { query }: FakeRequest): FakeReply {
  const asked = readQuery(query);
  if (typeof asked === 'string') return badRequest(asked);
  const chosen = asked.ids ? byIds(parts, asked.ids) : byFilters(parts.table, asked);
  const page = chosen.slice(0, asked.limit);
  const last = page.at(-1);
  const more = last !== undefined && chosen.length > asked.limit;
  return {
    status: 200,
    json: {
      success: true,
      data: page.map((item) => parts.table.disguiseOf(item.id) ?? itemJson(parts.entity, item)),
      additional_data: { next_cursor: more ? cursorBehind(last, asked.sortBy) : null },
    },
  };
}

interface Query {
  readonly limit: number;
  readonly ids: readonly number[] | null;
  readonly since: number;
  readonly until: number;
  readonly sortBy: SortBy;
  readonly after: readonly [number, number] | null;
}

type SortBy = 'id' | 'update_time' | 'add_time';

/** The query as Pipedrive understands it, or what it says against it. */
function readQuery(query: URLSearchParams): Query | string {
  const limit = Number(query.get('limit') ?? '100');
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) return 'limit must be between 1 and 500';
  const ids = query.get('ids')?.split(',').map(Number) ?? null;
  if (ids && ids.length > 100) return 'ids must contain at most 100 elements';
  for (const name of ['updated_since', 'updated_until']) {
    const value = query.get(name);
    if (value !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value))
      return `${name} must be in RFC3339 format`;
  }
  const sortBy = query.get('sort_by') ?? 'id';
  if (sortBy !== 'id' && sortBy !== 'update_time' && sortBy !== 'add_time') return 'sort_by is not valid';
  const cursor = query.get('cursor');
  const after = cursor === null ? null : readCursor(cursor, sortBy);
  if (after === 'invalid') return 'cursor is not valid';
  return {
    limit,
    ids,
    since: Date.parse(query.get('updated_since') ?? '1970-01-01T00:00:00Z'),
    until: Date.parse(query.get('updated_until') ?? '9999-01-01T00:00:00Z'),
    sortBy,
    after,
  };
}

/** What does not exist is left out without a word. */
function byIds({ table, deletedReads }: ListParts, ids: readonly number[]): FakeItem[] {
  const found = ids.map((id) => table.find(id)).filter((item) => item !== null);
  return found.filter(({ deletedAt }) => deletedAt === null || deletedReads === 'flagged');
}

function byFilters(table: ItemTable, { since, until, sortBy, after }: Query): FakeItem[] {
  return table
    .visible()
    .filter(({ deletedAt }) => deletedAt === null)
    .filter(({ updatedAt }) => second(updatedAt) >= since && second(updatedAt) < until)
    .filter((item) => !after || compare(keyOf(item, sortBy), after) > 0)
    .sort((a, b) => compare(keyOf(a, sortBy), keyOf(b, sortBy)));
}

function keyOf(item: FakeItem, sortBy: SortBy): readonly [number, number] {
  if (sortBy === 'id') return [0, item.id];
  return [second(sortBy === 'update_time' ? item.updatedAt : item.addedAt), item.id];
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

function second(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

/** Opaque to everybody else, and good for one order only. */
function cursorBehind(item: FakeItem, sortBy: SortBy): string {
  return Buffer.from(JSON.stringify({ sortBy, key: keyOf(item, sortBy) })).toString('base64url');
}

function readCursor(cursor: string, sortBy: SortBy): readonly [number, number] | 'invalid' {
  try {
    const read = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return read.sortBy === sortBy ? read.key : 'invalid';
  } catch {
    return 'invalid';
  }
}
