import { callFor } from '../ground/http/call-for.js';
import type { HttpAnswer } from '../ground/http/http-client.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { IdPage, Page } from '../port/records.js';
import { withAssociations } from './hubspot.associations.js';
import { type HubSpotContext, hubSpotClient, objectsPath } from './hubspot.client.js';
import {
  afterSearch,
  type HubSpotCursor,
  type SearchWindow,
  searchBody,
  windowOf,
} from './hubspot.cursor.js';
import { wholeRecords } from './hubspot.fetch.js';
import { DATE_PROPERTY, fitsSearch, fitsUrl, IDS_ONLY, propertiesOf } from './hubspot.properties.js';
import { idOf, readRecords } from './hubspot.records.js';
import { listSchema } from './hubspot.schema.js';
import type { HubSpotTable } from './hubspot.settings.js';

type HubSpotPage = Page<HubSpotCursor>;

/** Backfill by the list endpoint, which has no cap; afterwards changes by search. */
export async function* readStream(
  context: HubSpotContext,
  stream: HubSpotTable,
  from: HubSpotCursor | null,
): AsyncGenerator<HubSpotPage> {
  const window = from && windowOf(from, context.config.lookbackSeconds);
  if (window) yield* readChanges(context, stream, window);
  else yield* readAll(context, stream, from?.kind === 'backfill' ? from : null);
}

/** The cursor behind a backfill is the server's time when it began: changes during it are read again. */
async function* readAll(
  context: HubSpotContext,
  stream: HubSpotTable,
  from: Extract<HubSpotCursor, { kind: 'backfill' }> | null,
): AsyncGenerator<HubSpotPage> {
  let startedAt = from?.startedAt;
  const wanted = propertiesOf(context, stream);
  const fits = fitsUrl(wanted);
  const query = { properties: (fits ? wanted : IDS_ONLY).join(',') };
  const completed = fits ? withAssociations : wholeRecords;
  for await (const { answer, items, after } of listPages(context, stream, from?.after, query)) {
    startedAt ??= serverTime(answer, context);
    yield {
      ...(await completed(context, stream, readRecords(stream, items, answer.lossy))),
      next: after === null ? { kind: 'idle', since: startedAt } : { kind: 'backfill', startedAt, after },
      done: after === null,
      serverDate: answer.serverDate,
    };
  }
}

async function* readChanges(
  context: HubSpotContext,
  stream: HubSpotTable,
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
  stream: HubSpotTable,
  window: SearchWindow,
): Promise<HubSpotPage> {
  const bodyFor = (properties: readonly string[]) => searchBody(DATE_PROPERTY[stream], window, properties);
  const full = bodyFor(propertiesOf(context, stream));
  const fits = fitsSearch(full);
  const json = fits ? full : bodyFor(IDS_ONLY);
  const call = { method: 'POST', path: objectsPath(context.config, stream, '/search'), json } as const;
  const { data, ...answer } = await callFor(hubSpotClient(context), call, listSchema);
  const ids = data.results.map(idOf).filter((id) => id !== null);
  const more = Boolean(data.paging?.next);
  const next = afterSearch(window, { ids, more, serverTime: serverTime(answer, context) });
  if (next === null) throw new InvalidResponse(`POST ${call.path} promised more but did not advance`);
  const completed = fits ? withAssociations : wholeRecords;
  return {
    ...(await completed(context, stream, readRecords(stream, data.results, answer.lossy))),
    next,
    done: !more,
    ...(window.to === null && data.total !== undefined ? { total: data.total } : {}),
    serverDate: answer.serverDate,
  };
}

/** Archiving leaves the modification date alone, so archived records are listed, not searched. */
export async function* readArchived(
  context: HubSpotContext,
  stream: HubSpotTable,
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
  stream: HubSpotTable,
  from: HubSpotCursor | null,
): AsyncGenerator<IdPage<HubSpotCursor>> {
  const start = from?.kind === 'listing' && from.of === 'live' ? from.after : '';
  const query = { properties: IDS_ONLY.join(',') };
  for await (const { answer, items, after } of listPages(context, stream, start, query)) {
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
  stream: HubSpotTable,
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

/** Without a `Date` header there is only our own clock; the lookback covers a small difference. */
function serverTime(answer: Pick<HttpAnswer, 'serverDate'>, context: HubSpotContext): string {
  return (answer.serverDate ?? context.now()).toISOString();
}
