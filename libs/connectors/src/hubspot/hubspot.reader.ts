import { InvalidResponse } from '../connector.errors.js';
import type { FetchedRecord, IdPage, Page, SourceRecord } from '../connector.js';
import { callFor } from '../http/call-for.js';
import type { HttpAnswer } from '../http/http-client.js';
import { withAssociations } from './hubspot.associations.js';
import { type HubSpotContext, hubSpotClient, objectsPath } from './hubspot.client.js';
import {
  afterSearch,
  type HubSpotCursor,
  type SearchWindow,
  searchBody,
  windowOf,
} from './hubspot.cursor.js';
import { DEFAULT_PROPERTIES } from './hubspot.mapping.js';
import { idOf, readRecords } from './hubspot.records.js';
import { batchReadSchema, listSchema } from './hubspot.schema.js';
import type { HubSpotStream } from './hubspot.settings.js';

type HubSpotPage = Page<HubSpotCursor>;

/** Backfill by the list endpoint, which has no cap; afterwards changes by search. */
export async function* readStream(
  context: HubSpotContext,
  stream: HubSpotStream,
  from: HubSpotCursor | null,
): AsyncGenerator<HubSpotPage> {
  const window = from && windowOf(from, context.config.lookbackSeconds);
  if (window) yield* readChanges(context, stream, window);
  else yield* readAll(context, stream, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the server's time when it began: changes during it are read again. */
async function* readAll(
  context: HubSpotContext,
  stream: HubSpotStream,
  from: Extract<HubSpotCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<HubSpotPage> {
  let startedAt = from?.startedAt;
  for await (const { answer, items, after } of listPages(context, stream, from?.after, {
    properties: propertiesOf(context, stream).join(','),
  })) {
    startedAt ??= serverTime(answer, context);
    yield {
      ...(await withAssociations(context, stream, readRecords(stream, items, answer.lossy))),
      next: after === null ? { kind: 'idle', since: startedAt } : { kind: 'backfill', startedAt, after },
      done: after === null,
      serverDate: answer.serverDate,
    };
  }
}

async function* readChanges(
  context: HubSpotContext,
  stream: HubSpotStream,
  first: SearchWindow,
): AsyncGenerator<HubSpotPage> {
  let window: SearchWindow | null = first;
  while (window) {
    const page: HubSpotPage = await searchPage(context, stream, window);
    yield page;
    window = page.next.kind === 'changes' ? page.next : null;
  }
}

async function searchPage(
  context: HubSpotContext,
  stream: HubSpotStream,
  window: SearchWindow,
): Promise<HubSpotPage> {
  const json = searchBody(DATE_PROPERTY[stream], window, propertiesOf(context, stream));
  const call = { method: 'POST', path: objectsPath(context.config, stream, '/search'), json } as const;
  const { data, ...answer } = await callFor(hubSpotClient(context), call, listSchema);
  const ids = data.results.map(idOf).filter((id) => id !== null);
  const more = Boolean(data.paging?.next);
  const next = afterSearch(window, { ids, more, serverTime: serverTime(answer, context) });
  if (next === null) throw new InvalidResponse(`POST ${call.path} promised more but did not advance`);
  return {
    ...(await withAssociations(context, stream, readRecords(stream, data.results, answer.lossy))),
    next,
    done: !more,
    ...(window.to === null && data.total !== undefined ? { total: data.total } : {}),
    serverDate: answer.serverDate,
  };
}

/** Archiving leaves the modification date alone, so archived records are listed, not searched. */
export async function* readArchived(
  context: HubSpotContext,
  stream: HubSpotStream,
  from: HubSpotCursor | null,
): AsyncGenerator<HubSpotPage> {
  const start = from?.kind === 'listing' && from.of === 'archived' ? from.after : '';
  const query = { archived: 'true', properties: 'hs_merged_object_ids' };
  for await (const { answer, items, after } of listPages(context, stream, start, query)) {
    yield {
      ...readRecords(stream, items, answer.lossy),
      ...listing('archived', after),
      serverDate: answer.serverDate,
    };
  }
}

export async function* readIds(
  context: HubSpotContext,
  stream: HubSpotStream,
  from: HubSpotCursor | null,
): AsyncGenerator<IdPage<HubSpotCursor>> {
  const start = from?.kind === 'listing' && from.of === 'live' ? from.after : '';
  for await (const { answer, items, after } of listPages(context, stream, start, {
    properties: 'hs_object_id',
  })) {
    const ids = items.map(requiredId);
    yield { ids, ...listing('live', after), serverDate: answer.serverDate };
  }
}

/** A sweep deletes what is not listed, so a record that is there without its id must stop it. */
function requiredId(item: unknown): string {
  const id = idOf(item);
  if (id === null) throw new InvalidResponse('The list of ids holds a record without a readable id');
  return id;
}

function listing(of: 'live' | 'archived', after: string | null): { next: HubSpotCursor; done: boolean } {
  return { next: { kind: 'listing', of, after: after ?? '' }, done: after === null };
}

async function* listPages(
  context: HubSpotContext,
  stream: HubSpotStream,
  start: string | undefined,
  query: Readonly<Record<string, string>>,
) {
  let after: string | null = start ?? '';
  while (after !== null) {
    const asked: string = after;
    const path = objectsPath(context.config, stream);
    const { data, ...answer } = await callFor(
      hubSpotClient(context),
      { method: 'GET', path, query: { limit: '100', after: asked || undefined, ...query } },
      listSchema,
    );
    after = data.paging?.next?.after ?? null;
    if (after === asked)
      throw new InvalidResponse(`GET ${path} answered the page it was asked to leave behind`);
    yield { answer, items: data.results, after };
  }
}

export async function fetchByIds(
  context: HubSpotContext,
  stream: HubSpotStream,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> {
  const fetched = new Map<string, FetchedRecord>();
  const unique = [...new Set(ids)];
  for (let start = 0; start < unique.length; start += BATCH_READ) {
    const batch = unique.slice(start, start + BATCH_READ);
    for (const [id, record] of await fetchBatch(context, stream, batch)) fetched.set(id, record);
  }
  return fetched;
}

async function fetchBatch(context: HubSpotContext, stream: HubSpotStream, ids: readonly string[]) {
  const json = { inputs: ids.map((id) => ({ id })), properties: propertiesOf(context, stream) };
  const call = { method: 'POST', path: objectsPath(context.config, stream, '/batch/read'), json } as const;
  const { data, lossy } = await callFor(hubSpotClient(context), call, batchReadSchema);
  const read = readRecords(stream, data.results, lossy);
  const { records, rejected } = await withAssociations(context, stream, read);
  const found = new Map(ids.map((id): [string, FetchedRecord] => [id, { status: 'gone' }]));
  for (const record of records) placeRecord(found, record);
  for (const bad of rejected)
    if (bad.id !== null && found.has(bad.id)) found.set(bad.id, { status: 'rejected', rejected: bad });
  refuseUnexplained(
    call.path,
    found,
    rejected.some(({ id }) => id === null),
  );
  return found;
}

/** HubSpot answers for a record that was merged away with the one that survived. */
function placeRecord(found: Map<string, FetchedRecord>, record: SourceRecord): void {
  if (found.has(record.id)) found.set(record.id, { status: 'found', record });
  for (const id of record.mergedIds ?? []) {
    if (found.has(id)) found.set(id, { status: 'merged', mergedInto: record.id, record });
  }
}

/** "Gone" deletes an identity: it must not be concluded for a record that came without a readable id. */
function refuseUnexplained(path: string, found: Map<string, FetchedRecord>, nameless: boolean): void {
  const gone = [...found.values()].some(({ status }) => status === 'gone');
  if (nameless && gone) throw new InvalidResponse(`POST ${path} answered a record without an id`);
}

function propertiesOf({ config }: HubSpotContext, stream: HubSpotStream): string[] {
  const wanted = [...DEFAULT_PROPERTIES[stream], ...(config.properties[stream] ?? [])];
  return [...new Set([...wanted, 'hs_merged_object_ids', DATE_PROPERTY[stream]])];
}

/** Without a `Date` header there is only our own clock; the lookback covers a small difference. */
function serverTime(answer: Pick<HttpAnswer, 'serverDate'>, context: HubSpotContext): string {
  return (answer.serverDate ?? context.now()).toISOString();
}

export const BATCH_READ = 100;

const DATE_PROPERTY = { contacts: 'lastmodifieddate', companies: 'hs_lastmodifieddate' } as const;
