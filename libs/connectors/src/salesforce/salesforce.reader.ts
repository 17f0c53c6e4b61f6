import { InvalidResponse } from '../port/connector.errors.js';
import type { IdPage, Page } from '../port/records.js';
import type { SalesforceContext } from './salesforce.client.js';
import { approximateCount } from './salesforce.count.js';
import {
  type ChangeWindow,
  type KeysetPlace,
  type SalesforceCursor,
  upperBound,
  windowClause,
  windowOf,
} from './salesforce.cursor.js';
import { losersOf } from './salesforce.merges.js';
import { OBJECTS, type QueryAnswer, selectOf, soql } from './salesforce.query.js';
import { idOf, readRecords, toSourceRecord } from './salesforce.records.js';
import type { SalesforceTable } from './salesforce.settings.js';

type SalesforcePage = Page<SalesforceCursor>;

/** Backfill in the order of ids, which no change disturbs; afterwards changes in the order of their dates. */
export async function* readStream(
  context: SalesforceContext,
  stream: SalesforceTable,
  from: SalesforceCursor | null,
): AsyncGenerator<SalesforcePage> {
  const window = from && windowOf(from, context.config.lookbackSeconds);
  if (window) yield* readChanges(context, stream, window);
  else yield* readAll(context, stream, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the server's time when it began: changes during it are read again. */
async function* readAll(
  context: SalesforceContext,
  stream: SalesforceTable,
  from: Extract<SalesforceCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<SalesforcePage> {
  let place = from;
  for (let done = false; !done; ) {
    const first = place === null;
    const answer = await soql(
      context,
      'query',
      byId(context, stream, selectOf(context, stream), place?.afterId),
    );
    const startedAt: string = place?.startedAt ?? upperBound(answer.serverTime);
    done = isLast(context, answer);
    const afterId: string = done ? '' : lastId(answer);
    place = { kind: 'backfill', startedAt, afterId };
    const total = first && !done ? await approximateCount(context, stream) : null;
    const { records: parsed, rejected } = readRecords(answer.items, answer.lossy);
    yield {
      records: parsed.map((record) => toSourceRecord(stream, record)),
      rejected,
      next: done ? { kind: 'idle', since: startedAt } : place,
      done,
      serverDate: answer.serverDate,
      ...(total === null ? {} : { total }),
    };
  }
}

/** The date of the first answer ends the window, so that a busy org cannot keep a pass going for ever. */
async function* readChanges(
  context: SalesforceContext,
  stream: SalesforceTable,
  first: ChangeWindow,
): AsyncGenerator<SalesforcePage> {
  let window: ChangeWindow | null = first;
  while (window) {
    const answer: QueryAnswer = await soql(
      context,
      'query',
      byDate(context, selectOf(context, stream), windowClause(window)),
    );
    const to: string = window.to ?? upperBound(answer.serverTime);
    const done = isLast(context, answer);
    const { records: parsed, rejected } = readRecords(answer.items, answer.lossy);
    const merged = await losersOf(
      context,
      stream,
      parsed.map(({ Id }) => Id),
    );
    const next: SalesforceCursor = done
      ? { kind: 'idle', since: to }
      : { kind: 'changes', from: window.from, to, after: lastPlace(answer) };
    yield {
      records: parsed.map((record) => toSourceRecord(stream, record, merged.get(record.Id))),
      rejected,
      next,
      done,
      serverDate: answer.serverDate,
    };
    window = next.kind === 'changes' ? next : null;
  }
}

/** The recycle bin of the last days; a loser of a merge lies there too, and fetching it leads to the winner. */
export async function* readDeleted(
  context: SalesforceContext,
  stream: SalesforceTable,
  from: SalesforceCursor | null,
): AsyncGenerator<SalesforcePage> {
  const days = context.config.deletionsDays;
  const started = from?.kind === 'deleted' ? from : null;
  const start = started?.from ?? new Date(context.now().getTime() - days * DAY_MS).toISOString();
  let after: KeysetPlace | null = started?.after ?? null;
  for (let done = false; !done; ) {
    const select = `SELECT Id, SystemModstamp, IsDeleted, MasterRecordId FROM ${OBJECTS[stream]}`;
    const clause = `IsDeleted = true AND ${windowClause({ from: start, to: null, after })}`;
    const answer = await soql(context, 'queryAll', byDate(context, select, clause));
    done = isLast(context, answer);
    after = done ? null : lastPlace(answer);
    const { records: parsed, rejected } = readRecords(answer.items, answer.lossy);
    yield {
      records: parsed.map((record) => toSourceRecord(stream, record)),
      rejected,
      next: { kind: 'deleted', from: start, after },
      done,
      serverDate: answer.serverDate,
    };
  }
}

export async function* readIds(
  context: SalesforceContext,
  stream: SalesforceTable,
  from: SalesforceCursor | null,
): AsyncGenerator<IdPage<SalesforceCursor>> {
  let afterId = from?.kind === 'listing' ? from.afterId : null;
  for (let done = false; !done; ) {
    const select = `SELECT Id FROM ${OBJECTS[stream]}`;
    const answer = await soql(context, 'query', byId(context, stream, select, afterId));
    const ids = answer.items.map(idOf);
    if (ids.includes(null)) throw new InvalidResponse('A query for ids answered a record without one');
    done = isLast(context, answer);
    afterId = done ? null : lastId(answer);
    const next = { kind: 'listing', afterId } as const;
    yield { ids: ids.filter((id) => id !== null), next, done, serverDate: answer.serverDate };
  }
}

function byId(
  { config }: SalesforceContext,
  stream: SalesforceTable,
  select: string,
  afterId: string | null | undefined,
): string {
  const conditions = [
    ...(stream === 'leads' ? ['IsConverted = false'] : []),
    ...(afterId ? [`Id > '${afterId}'`] : []),
  ];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  return `${select}${where} ORDER BY Id LIMIT ${config.pageSize}`;
}

function byDate({ config }: SalesforceContext, select: string, clause: string): string {
  return `${select} WHERE ${clause} ORDER BY SystemModstamp, Id LIMIT ${config.pageSize}`;
}

function isLast({ config }: SalesforceContext, { items, nextPath }: QueryAnswer): boolean {
  return nextPath === null && items.length < config.pageSize;
}

/** Behind the last record that can be read; those after it come again, and are judged again. */
function lastId({ items }: QueryAnswer): string {
  const id = items.map(idOf).findLast((found) => found !== null);
  if (id) return id;
  throw new InvalidResponse('A full page of a query has no record with a readable id to go on from');
}

function lastPlace({ items }: QueryAnswer): KeysetPlace {
  const last = readRecords(items, false).records.at(-1);
  if (last) return { at: last.SystemModstamp, id: last.Id };
  throw new InvalidResponse('A full page of a query has no record with a readable place to go on from');
}

const DAY_MS = 24 * 60 * 60 * 1000;
