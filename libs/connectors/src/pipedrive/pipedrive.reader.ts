import { fetchInBatches } from '../ground/batches.js';
import { callFor } from '../ground/http/call-for.js';
import type { HttpAnswer } from '../ground/http/http-client.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { FetchedRecord, IdPage, Page } from '../port/records.js';
import { type PipedriveContext, pipedriveClient } from './pipedrive.client.js';
import { afterPage, changesQuery, type Pass, type PipedriveCursor, passOf } from './pipedrive.cursor.js';
import { idOf, readRecords } from './pipedrive.records.js';
import { listSchema } from './pipedrive.schema.js';
import type { PipedriveTable } from './pipedrive.settings.js';

type PipedrivePage = Page<PipedriveCursor>;

/** Backfill by the list in the order of ids; afterwards what changed, in the order of update times. */
export async function* readStream(
  context: PipedriveContext,
  stream: PipedriveTable,
  from: PipedriveCursor | null,
): AsyncGenerator<PipedrivePage> {
  const pass = from && passOf(from, context.config.lookbackSeconds);
  if (pass) yield* readChanges(context, stream, pass);
  else yield* readAll(context, stream, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the server's time when it began: changes during it are read again. */
async function* readAll(
  context: PipedriveContext,
  stream: PipedriveTable,
  from: Extract<PipedriveCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<PipedrivePage> {
  let startedAt = from?.startedAt;
  for await (const { answer, items, after } of listPages(context, stream, from?.after ?? null, BY_ID)) {
    startedAt ??= serverTime(answer, context);
    yield {
      ...readRecords(stream, items, answer.lossy),
      next: after === null ? { kind: 'idle', since: startedAt } : { kind: 'backfill', startedAt, after },
      done: after === null,
      serverDate: answer.serverDate,
    };
  }
}

async function* readChanges(
  context: PipedriveContext,
  stream: PipedriveTable,
  first: Pass,
): AsyncGenerator<PipedrivePage> {
  let pass = first;
  for await (const { answer, items, after } of listPages(context, stream, pass.after, changesQuery(pass))) {
    const read = readRecords(stream, items, answer.lossy);
    const lastUpdate = read.records.at(-1)?.updatedAt ?? null;
    const next = afterPage(pass, { after, lastUpdate, serverTime: serverTime(answer, context) });
    const done = next.kind !== 'changes';
    yield { ...read, next, done, serverDate: answer.serverDate };
    if (done) return;
    pass = next;
  }
}

export async function* readIds(
  context: PipedriveContext,
  stream: PipedriveTable,
  from: PipedriveCursor | null,
): AsyncGenerator<IdPage<PipedriveCursor>> {
  const start = from?.kind === 'listing' ? from.after || null : null;
  for await (const { answer, items, after } of listPages(context, stream, start, BY_ID)) {
    const ids = items.filter((item) => !isDeleted(item)).map((item) => requireId(item, stream));
    const next = { kind: 'listing', after: after ?? '' } as const;
    yield { ids, next, done: after === null, serverDate: answer.serverDate };
  }
}

/** A listing with a hole would let the sweep delete an identity. */
function requireId(item: unknown, stream: PipedriveTable): string {
  const id = idOf(item);
  if (id === null) throw new InvalidResponse(`GET ${pathOf(stream)} answered a record without an id`);
  return id;
}

async function* listPages(
  context: PipedriveContext,
  stream: PipedriveTable,
  start: string | null,
  query: Readonly<Record<string, string>>,
) {
  let asked = start;
  do {
    const { data, ...answer } = await callFor(
      pipedriveClient(context),
      {
        method: 'GET',
        path: pathOf(stream),
        query: { limit: String(context.config.pageSize), cursor: asked ?? undefined, ...query },
      },
      listSchema,
    );
    const after = data.additional_data?.next_cursor ?? null;
    if (after !== null && after === asked)
      throw new InvalidResponse(`GET ${pathOf(stream)} answered the page it was asked to leave behind`);
    yield { answer, items: data.data, after };
    asked = after;
  } while (asked !== null);
}

export const fetchByIds = (
  context: PipedriveContext,
  stream: PipedriveTable,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> =>
  fetchInBatches(ids, BATCH_READ, (batch) => fetchBatch(context, stream, batch));

/** Ids that do not exist are left out of the answer without a word: that is how a deletion shows. */
async function fetchBatch(context: PipedriveContext, stream: PipedriveTable, ids: readonly string[]) {
  const query = { ids: ids.join(','), limit: String(BATCH_READ) };
  const call = { method: 'GET', path: pathOf(stream), query } as const;
  const { data, lossy } = await callFor(pipedriveClient(context), call, listSchema);
  const { records, rejected } = readRecords(stream, data.data, lossy);
  const found = new Map(ids.map((id): [string, FetchedRecord] => [id, { status: 'gone' }]));
  for (const record of records)
    if (found.has(record.id) && !record.archived) found.set(record.id, { status: 'found', record });
  for (const bad of rejected) {
    if (bad.id === null) throw new InvalidResponse(`GET ${call.path} answered a record without an id`);
    if (found.has(bad.id)) found.set(bad.id, { status: 'rejected', rejected: bad });
  }
  return found;
}

export function pathOf(stream: PipedriveTable): string {
  return `/api/v2/${stream}`;
}

function isDeleted(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'is_deleted' in item && item.is_deleted === true;
}

/** Without a `Date` header there is only our own clock; the lookback covers a small difference. */
function serverTime(answer: Pick<HttpAnswer, 'serverDate'>, context: PipedriveContext): string {
  return (answer.serverDate ?? context.now()).toISOString();
}

export const BATCH_READ = 100;

const BY_ID = { sort_by: 'id', sort_direction: 'asc' } as const;
