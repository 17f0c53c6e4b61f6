import { fetchInBatches } from '../ground/batches.js';
import type { HttpAnswer } from '../ground/http/http-client.js';
import type { ReadRecords } from '../ground/parse-each.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { FetchedRecord, IdPage, Page } from '../port/records.js';
import {
  type DeclarativeContext,
  type ManifestCall,
  manifestCalls,
  RecordGone,
} from './declarative.client.js';
import { changesFrom, cursorScope, type DeclarativeCursor, sinceOf } from './declarative.cursor.js';
import { idOf, readRecords } from './declarative.records.js';
import type { Manifest, ManifestList, ManifestTable } from './manifest.schema.js';
import { nextPage, type PagePosition, pageScope } from './paging.js';
import { type Scope, valueAt } from './template.js';

type DeclarativePage = Page<DeclarativeCursor>;

/** One stream of one connection, with the means to ask for it. */
export interface TableReader {
  readonly id: string;
  readonly stream: ManifestTable;
  readonly context: DeclarativeContext;
  readonly call: ManifestCall;
}

export function tableReader(
  manifest: Manifest,
  context: DeclarativeContext,
  id: string,
  stream: ManifestTable,
): TableReader {
  return { id, stream, context, call: manifestCalls(manifest, context) };
}

/** Everything by the list, and what changed by the incremental request; without one, everything each time. */
export async function* readStream(
  reader: TableReader,
  from: DeclarativeCursor | null,
): AsyncGenerator<DeclarativePage> {
  const { cursor: rules, incremental } = reader.stream;
  if (rules && incremental && (from?.kind === 'idle' || from?.kind === 'changes'))
    yield* readChanges(reader, incremental, rules, from);
  else yield* readAll(reader, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the vendor's time when it began: changes during it are read again. */
async function* readAll(
  reader: TableReader,
  from: Extract<DeclarativeCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<DeclarativePage> {
  const { list, cursor } = reader.stream;
  let startedAt = from?.startedAt;
  for await (const { answer, items, next } of pagesOf(reader, list, from?.page ?? {}, () => ({}))) {
    startedAt ??= serverTime(reader, answer);
    yield {
      ...readRecords(reader.id, reader.stream, items, answer.lossy),
      next: next
        ? { kind: 'backfill', startedAt, page: next }
        : { kind: 'idle', since: sinceOf(cursor, startedAt) },
      done: next === null,
      serverDate: answer.serverDate,
      ...totalOf(list, answer),
    };
  }
}

async function* readChanges(
  reader: TableReader,
  list: ManifestList,
  rules: NonNullable<ManifestTable['cursor']>,
  cursor: Extract<DeclarativeCursor, { kind: 'idle' | 'changes' }>,
): AsyncGenerator<DeclarativePage> {
  const from = cursor.kind === 'changes' ? cursor.from : changesFrom(rules, cursor.since);
  let startedAt = cursor.kind === 'changes' ? cursor.startedAt : null;
  const scope = () => ({ cursor: cursorScope(rules, from, startedAt) });
  const start = cursor.kind === 'changes' ? cursor.page : {};
  for await (const { answer, items, next } of pagesOf(reader, list, start, scope)) {
    startedAt ??= serverTime(reader, answer);
    const read = readRecords(reader.id, reader.stream, items, answer.lossy);
    yield {
      ...(rules.clientSideFilter ? changedSince(read, from) : read),
      next: next
        ? { kind: 'changes', startedAt, from, page: next }
        : { kind: 'idle', since: sinceOf(rules, startedAt) },
      done: next === null,
      serverDate: answer.serverDate,
    };
  }
}

/** A record without a date may have changed at any time. */
function changedSince({ records, rejected }: ReadRecords, from: string): ReadRecords {
  return { records: records.filter(({ updatedAt }) => updatedAt === null || updatedAt >= from), rejected };
}

export async function* readIds(
  reader: TableReader,
  from: DeclarativeCursor | null,
): AsyncGenerator<IdPage<DeclarativeCursor>> {
  const { record, list, ids: cheaper } = reader.stream;
  for await (const { answer, items, next } of pagesOf(
    reader,
    cheaper ?? list,
    listingOf('ids', from),
    () => ({}),
  )) {
    const live = items.filter((item) => !record.archived || !valueAt(item, record.archived));
    const ids = live.map((item) => idOf(valueAt(item, record.id)));
    // A listing with a hole would delete whoever fell into it.
    if (ids.includes(null))
      throw new InvalidResponse('The listing of ids has a record without a readable id');
    yield { ids: ids as string[], ...listing('ids', next), serverDate: answer.serverDate };
  }
}

export async function* readDeletions(
  reader: TableReader,
  list: ManifestList,
  from: DeclarativeCursor | null,
): AsyncGenerator<DeclarativePage> {
  for await (const { answer, items, next } of pagesOf(
    reader,
    list,
    listingOf('deletions', from),
    () => ({}),
  )) {
    const { records, rejected } = readRecords(reader.id, reader.stream, items, answer.lossy);
    yield {
      records: records.map((record) => ({ ...record, archived: true })),
      rejected,
      ...listing('deletions', next),
      serverDate: answer.serverDate,
    };
  }
}

function listing(
  of: 'ids' | 'deletions',
  next: PagePosition | null,
): { next: DeclarativeCursor; done: boolean } {
  return { next: { kind: 'listing', of, page: next ?? {} }, done: next === null };
}

function listingOf(of: 'ids' | 'deletions', from: DeclarativeCursor | null): PagePosition {
  return from?.kind === 'listing' && from.of === of ? from.page : {};
}

async function* pagesOf(reader: TableReader, list: ManifestList, start: PagePosition, scope: () => Scope) {
  let page: PagePosition | null = start;
  while (page) {
    const asked: PagePosition = page;
    const answer = await ask(reader, list, asked, scope());
    const items = itemsAt(answer.json, list.records, `${list.method} ${list.path}`);
    page = nextPage(list, asked, answer, items);
    yield { answer, items, next: page };
  }
}

/** A link takes the place of path and query, and may not lead anywhere else. */
function ask(
  { call, context }: TableReader,
  list: ManifestList,
  page: PagePosition,
  scope: Scope,
): Promise<HttpAnswer> {
  if (list.paginate.type !== 'link' || page.token === undefined)
    return call(list, { ...scope, page: pageScope(list, page) });
  const link = new URL(String(page.token), 'https://same.invalid');
  const query = Object.fromEntries(link.searchParams);
  return call({ ...list, ...linkTarget(link, context), query }, scope);
}

function linkTarget(link: URL, { config }: DeclarativeContext): { path: string } {
  const base =
    typeof config.baseUrl === 'string' && URL.canParse(config.baseUrl)
      ? new URL(config.baseUrl).pathname
      : '/';
  const prefix = base.replace(/\/+$/, '');
  return {
    path: link.pathname.startsWith(`${prefix}/`) ? link.pathname.slice(prefix.length) : link.pathname,
  };
}

export const fetchByIds = (
  reader: TableReader,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> =>
  fetchInBatches(ids, reader.stream.get.batch, (batch) => fetchBatch(reader, batch));

async function fetchBatch(reader: TableReader, ids: readonly string[]): Promise<Map<string, FetchedRecord>> {
  const { get } = reader.stream;
  const [id] = ids;
  try {
    const answer = await reader.call(get, get.batch === 1 ? { id } : { ids });
    const what = `${get.method} ${get.path}`;
    const items =
      get.batch === 1 ? [oneAt(answer.json, get.records, what)] : itemsAt(answer.json, get.records, what);
    return answersFor(reader, ids, items, answer.lossy);
  } catch (error) {
    if (get.batch === 1 && error instanceof RecordGone) return new Map([[id ?? '', { status: 'gone' }]]);
    throw error;
  }
}

/** Who is not among the answers is gone, unless an answer cannot be read and might have been the one. */
function answersFor(reader: TableReader, ids: readonly string[], items: readonly unknown[], lossy: boolean) {
  const { records, rejected } = readRecords(reader.id, reader.stream, items, lossy);
  if (rejected.some(({ id }) => id === null))
    throw new InvalidResponse(`${reader.id} were asked for by id, and one came back without a readable id`);
  const pointer = reader.stream.record.mergedInto;
  return new Map(
    ids.map((id): [string, FetchedRecord] => {
      const spoiled = rejected.find((one) => one.id === id);
      if (spoiled) return [id, { status: 'rejected', rejected: spoiled }];
      const record = records.find((one) => one.id === id || one.mergedIds?.includes(id));
      const mergedInto = record && (record.id === id ? idOf(valueAt(record.raw, pointer ?? '')) : record.id);
      if (record && mergedInto)
        return [id, { status: 'merged', mergedInto, record: record.id === id ? null : record }];
      return [id, record && !record.archived ? { status: 'found', record } : { status: 'gone' }];
    }),
  );
}

/** @throws InvalidResponse when there is no array where the manifest says that records are */
function itemsAt(json: unknown, path: string, what: string): unknown[] {
  const found = valueAt(json, path);
  if (Array.isArray(found)) return found;
  throw new InvalidResponse(`${what} answered no array of records at ${path || 'the top'}`);
}

function oneAt(json: unknown, path: string, what: string): unknown {
  const found = valueAt(json, path);
  if (typeof found === 'object' && found !== null) return found;
  throw new InvalidResponse(`${what} answered no record at ${path || 'the top'}`);
}

function totalOf({ total }: ManifestList, { json }: HttpAnswer): { total?: number } {
  const value = total === undefined ? undefined : valueAt(json, total);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? { total: value } : {};
}

function serverTime({ context }: TableReader, { serverDate }: HttpAnswer): string {
  return (serverDate ?? context.now()).toISOString();
}
