import { fetchInBatches } from '../ground/batches.js';
import type { ReadRecords } from '../ground/parse-each.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { FetchedRecord, IdPage, Page } from '../port/records.js';
import { type OdooAnswer, type OdooContext, odooClient } from './odoo.client.js';
import {
  afterPage,
  changesDomain,
  type Domain,
  liveDomain,
  type OdooCursor,
  type WriteWindow,
  windowOf,
} from './odoo.cursor.js';
import { DEFAULT_FIELDS } from './odoo.mapping.js';
import { idOf, readRecords } from './odoo.records.js';
import { idsSchema, rowsSchema } from './odoo.schema.js';
import type { OdooTable } from './odoo.settings.js';

type OdooPage = Page<OdooCursor>;

/** Backfill in the order of ids; afterwards what was written since, in the order of ids as well. */
export async function* readStream(
  context: OdooContext,
  stream: OdooTable,
  from: OdooCursor | null,
): AsyncGenerator<OdooPage> {
  const window = from && windowOf(from, context.config.lookbackSeconds);
  if (window) yield* readChanges(context, stream, window);
  else yield* readAll(context, stream, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the server's time when it began: changes during it are read again. */
async function* readAll(
  context: OdooContext,
  stream: OdooTable,
  from: Extract<OdooCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<OdooPage> {
  const search = searcher(context, stream);
  let startedAt = from?.startedAt;
  let afterId = from?.afterId ?? 0;
  for (let done = false; !done; ) {
    const { data: rows, ...answer } = await search(liveDomain(afterId));
    startedAt ??= serverTime(answer, context);
    done = rows.length < context.config.pageSize;
    afterId = advanced(afterId, rows, done);
    yield {
      ...readRecords(rows, readOptions(context, stream, answer)),
      next: done ? { kind: 'idle', since: startedAt } : { kind: 'backfill', startedAt, afterId },
      done,
      serverDate: answer.serverDate,
    };
  }
}

async function* readChanges(
  context: OdooContext,
  stream: OdooTable,
  first: WriteWindow,
): AsyncGenerator<OdooPage> {
  const search = searcher(context, stream);
  for (let window: WriteWindow | null = first; window; ) {
    const { data: rows, ...answer } = await search(changesDomain(window));
    const ids = rows.map(idOf).filter((id) => id !== null);
    const full = rows.length >= context.config.pageSize;
    const next = afterPage(window, { ids, full, serverTime: serverTime(answer, context) });
    if (next === null) throw new InvalidResponse(STUCK);
    const read = readRecords(rows, readOptions(context, stream, answer));
    yield { ...read, next, done: !full, serverDate: answer.serverDate };
    window = next.kind === 'changes' ? next : null;
  }
}

/** Archived records are no live ones: the sweep finds them gone. */
export async function* readIds(
  context: OdooContext,
  from: OdooCursor | null,
): AsyncGenerator<IdPage<OdooCursor>> {
  const client = odooClient(context);
  let afterId = from?.kind === 'listing' ? from.afterId : 0;
  for (let done = false; !done; ) {
    const args = { domain: liveDomain(afterId), fields: ['id'], order: 'id asc', limit: SWEEP_PAGE };
    const call = { model: MODEL, method: 'search_read', args, schema: idsSchema };
    const { data, serverDate } = await client(call);
    done = data.length < SWEEP_PAGE;
    afterId = advanced(afterId, data, done);
    yield { ids: data.map(({ id }) => String(id)), next: { kind: 'listing', afterId }, done, serverDate };
  }
}

export async function fetchByIds(
  context: OdooContext,
  stream: OdooTable,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> {
  const search = searcher(context, stream);
  return fetchInBatches(ids, BATCH_READ, async (batch) => {
    const domain = [['id', 'in', batch.map(Number)] as const, ['active', 'in', [true, false]] as const];
    const { data: rows, ...answer } = await search(domain, BATCH_READ);
    return answersFor(batch, readRecords(rows, readOptions(context, stream, answer)));
  });
}

/** A record that Odoo does not name is deleted; one that is archived counts as gone. */
function answersFor(
  asked: readonly string[],
  { records, rejected }: ReadRecords,
): ReadonlyMap<string, FetchedRecord> {
  const fetched = new Map(asked.map((id): [string, FetchedRecord] => [id, { status: 'gone' }]));
  for (const record of records)
    if (fetched.has(record.id) && !record.archived) fetched.set(record.id, { status: 'found', record });
  for (const bad of rejected) {
    if (bad.id === null) throw new InvalidResponse(`${MODEL}.search_read answered a record without an id`);
    if (fetched.has(bad.id)) fetched.set(bad.id, { status: 'rejected', rejected: bad });
  }
  return fetched;
}

function searcher(context: OdooContext, stream: OdooTable) {
  const client = odooClient(context);
  const { fields, booleanFields, pageSize } = context.config;
  const wanted = [...new Set([...DEFAULT_FIELDS, ...fields, ...booleanFields])];
  return (domain: Domain, limit = pageSize) =>
    client({
      model: MODELS[stream],
      method: 'search_read',
      args: { domain, fields: wanted, order: 'id asc', limit },
      schema: rowsSchema,
    });
}

function readOptions(context: OdooContext, stream: OdooTable, { lossy }: { readonly lossy: boolean }) {
  return { stream, lossy, booleanFields: context.config.booleanFields };
}

function advanced(afterId: number, rows: readonly unknown[], done: boolean): number {
  const highest = rows.reduce<number>((floor, row) => Math.max(floor, idOf(row) ?? 0), afterId);
  if (!done && highest === afterId) throw new InvalidResponse(STUCK);
  return highest;
}

/** Without a `Date` header there is only our own clock; the lookback covers a small difference. */
function serverTime(answer: Pick<OdooAnswer<unknown>, 'serverDate'>, context: OdooContext): string {
  return (answer.serverDate ?? context.now()).toISOString();
}

export const MODEL = 'res.partner';
const MODELS: Readonly<Record<OdooTable, string>> = { partners: MODEL };
export const BATCH_READ = 200;
const SWEEP_PAGE = 2_000;
const STUCK = `${MODEL}.search_read answered a full page but did not advance`;
