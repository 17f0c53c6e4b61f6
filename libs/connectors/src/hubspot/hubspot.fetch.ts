import { fetchInBatches } from '../ground/batches.js';
import { callFor } from '../ground/http/call-for.js';
import type { ReadRecords } from '../ground/parse-each.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { FetchedRecord, SourceRecord } from '../port/records.js';
import { withAssociations } from './hubspot.associations.js';
import { type HubSpotContext, hubSpotClient, objectsPath } from './hubspot.client.js';
import { propertiesOf } from './hubspot.properties.js';
import { readRecords } from './hubspot.records.js';
import { batchReadSchema } from './hubspot.schema.js';
import type { HubSpotTable } from './hubspot.settings.js';

export const fetchByIds = (
  context: HubSpotContext,
  stream: HubSpotTable,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> =>
  fetchInBatches(ids, BATCH_READ, (batch) => fetchBatch(context, stream, batch));

async function fetchBatch(context: HubSpotContext, stream: HubSpotTable, ids: readonly string[]) {
  const json = { inputs: ids.map((id) => ({ id })), properties: propertiesOf(context, stream) };
  const call = { method: 'POST', path: objectsPath(context.config, stream, '/batch/read'), json } as const;
  const { data, lossy } = await callFor(hubSpotClient(context), call, batchReadSchema);
  const read = readRecords(stream, data.results, lossy);
  const { records, rejected } = await withAssociations(context, stream, read);
  const found = new Map(ids.map((id): [string, FetchedRecord] => [id, { status: 'gone' }]));
  for (const record of records) placeRecord(found, record);
  for (const bad of rejected)
    if (bad.id !== null && found.has(bad.id)) found.set(bad.id, { status: 'rejected', rejected: bad });
  rejectUnexplained(
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
function rejectUnexplained(path: string, found: Map<string, FetchedRecord>, nameless: boolean): void {
  const gone = [...found.values()].some(({ status }) => status === 'gone');
  if (nameless && gone) throw new InvalidResponse(`POST ${path} answered a record without an id`);
}

/**
 * The listed records with every property, when the names of these are too many for the listing itself: a batch read
 * takes them in its body. What is gone since it was listed is left to the run that finds it deleted.
 */
export async function wholeRecords(
  context: HubSpotContext,
  stream: HubSpotTable,
  listed: ReadRecords,
): Promise<ReadRecords> {
  const ids = listed.records.map(({ id }) => id);
  const records = new Map<string, SourceRecord>();
  const rejected = [...listed.rejected];
  for (const found of (await fetchByIds(context, stream, ids)).values()) {
    if (found.status === 'rejected') rejected.push(found.rejected);
    else if (found.status !== 'gone' && found.record) records.set(found.record.id, found.record);
  }
  return { records: [...records.values()], rejected };
}

export const BATCH_READ = 100;
