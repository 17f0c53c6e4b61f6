import { callFor } from '../ground/http/call-for.js';
import type { ReadRecords } from '../ground/parse-each.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { RejectedRecord, SourceRecord } from '../port/records.js';
import { type HubSpotContext, hubSpotClient } from './hubspot.client.js';
import { type AssociationRow, associationRowSchema, associationsSchema } from './hubspot.schema.js';
import type { HubSpotTable } from './hubspot.settings.js';

/**
 * Adds to each record the ids of the records it is associated with, as `associations.<type>` beside `properties`.
 * Neither search nor batch read answer with them, so they are read apart, once for each page and type. A record whose
 * associations cannot be read is rejected: without them it would look as if it had lost them.
 */
export async function withAssociations(
  context: HubSpotContext,
  stream: HubSpotTable,
  read: ReadRecords,
): Promise<ReadRecords> {
  const types = context.config.associations[stream] ?? [];
  let { records, rejected } = read;
  for (const type of types) {
    if (records.length === 0) break;
    const found = await readAssociations(context, stream, type, records);
    const unreadable = records.filter(({ id }) => found.unreadable.has(id));
    rejected = [...rejected, ...unreadable.map((record) => rejection(record, type))];
    records = records
      .filter(({ id }) => !found.unreadable.has(id))
      .map((record) => associated(record, type, found.ids.get(record.id) ?? []));
  }
  return { records, rejected };
}

interface Associations {
  readonly ids: Map<string, string[]>;
  readonly unreadable: Set<string>;
}

type Input = { readonly id: string; readonly after?: string };

/** A record with many associations has pages of its own. */
async function readAssociations(
  context: HubSpotContext,
  stream: HubSpotTable,
  type: string,
  records: readonly SourceRecord[],
): Promise<Associations> {
  const found: Associations = { ids: new Map(), unreadable: new Set() };
  const { associationsApiVersion: version } = context.config;
  const collection = version === 'v4' ? 'v4/associations' : `associations/${version}`;
  const path = `/crm/${collection}/${stream}/${type}/batch/read`;
  let inputs: Input[] = records.map(({ id }) => ({ id }));
  while (inputs.length > 0) {
    const call = { method: 'POST', path, json: { inputs } } as const;
    const { data } = await callFor(hubSpotClient(context), call, associationsSchema);
    const following = data.results.flatMap((item) => take(found, item, path));
    for (const error of data.errors ?? []) takeError(found, error, path);
    rejectStandstill(inputs, following, path);
    inputs = following;
  }
  return found;
}

/** @returns what has to be asked for to learn the rest about the record */
function take(found: Associations, item: unknown, path: string): Input[] {
  const parsed = associationRowSchema.safeParse(item);
  if (!parsed.success) {
    found.unreadable.add(fromOf(item, path));
    return [];
  }
  const { from, to, paging }: AssociationRow = parsed.data;
  const ids = to.map(({ toObjectId }) => toObjectId);
  found.ids.set(from.id, [...(found.ids.get(from.id) ?? []), ...ids]);
  return paging?.next ? [{ id: from.id, after: paging.next.after }] : [];
}

/** Having no associations is an error to HubSpot; any other is one about the records it names. */
function takeError(found: Associations, error: AssociationError, path: string): void {
  if (error.category === 'OBJECT_NOT_FOUND' || error.subCategory === NONE_FOUND) return;
  const named = Object.values(error.context ?? {}).flat();
  if (named.length === 0) throw new InvalidResponse(`POST ${path} failed for records it does not name`);
  for (const id of named) found.unreadable.add(id);
}

type AssociationError = {
  readonly category?: string | undefined;
  readonly subCategory?: unknown;
  readonly context?: Readonly<Record<string, readonly string[]>> | undefined;
};

const NONE_FOUND = 'crm.associations.NO_ASSOCIATIONS_FOUND';

function fromOf(item: unknown, path: string): string {
  const id = (item as { from?: { id?: unknown } } | null)?.from?.id;
  if (typeof id !== 'string') throw new InvalidResponse(`POST ${path} answered for a record without an id`);
  return id;
}

function rejectStandstill(asked: readonly Input[], following: readonly Input[], path: string): void {
  const stuck = following.some(({ id, after }) =>
    asked.some((input) => input.id === id && input.after === after),
  );
  if (stuck) throw new InvalidResponse(`POST ${path} answered the page it was asked to leave behind`);
}

/** In the order of ids, each once: HubSpot's own order says nothing, and would make hashes differ. */
function associated(record: SourceRecord, type: string, ids: readonly string[]): SourceRecord {
  const raw = record.raw as { readonly associations?: Readonly<Record<string, readonly string[]>> };
  const sorted = [...new Set(ids)].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return { ...record, raw: { ...raw, associations: { ...raw.associations, [type]: sorted } } };
}

function rejection({ id, raw }: SourceRecord, type: string): RejectedRecord {
  const reason = `the associations with ${type} cannot be read`;
  return { id, code: 'INVALID_RECORD', reason, raw };
}
