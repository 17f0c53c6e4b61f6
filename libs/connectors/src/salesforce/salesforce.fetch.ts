import { batchesOf } from '../ground/batches.js';
import type { ReadRecords } from '../ground/parse-each.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { FetchedRecord } from '../port/records.js';
import type { SalesforceContext } from './salesforce.client.js';
import { isSalesforceId, to18 } from './salesforce.ids.js';
import { IDS_PER_QUERY } from './salesforce.merges.js';
import { idList, selectOf, soqlAll } from './salesforce.query.js';
import { isGone, readRecords, toSourceRecord } from './salesforce.records.js';
import type { SalesforceRecord } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';

/** One entry for every id asked for, in the form it was asked in; what can be no id is no record either. */
export async function fetchByIds(
  context: SalesforceContext,
  stream: SalesforceTable,
  ids: readonly string[],
): Promise<Map<string, FetchedRecord>> {
  const known = await readWithWinners(context, stream, ids.filter(isSalesforceId).map(to18));
  return new Map(ids.map((id) => [id, answerFor(stream, to18(id), known)]));
}

interface Known {
  readonly records: Map<string, SalesforceRecord>;
  readonly rejected: Map<string, ReadRecords['rejected'][number]>;
}

/** A winner may have lost a later merge: the way is followed as long as it leads somewhere new. */
async function readWithWinners(
  context: SalesforceContext,
  stream: SalesforceTable,
  ids: readonly string[],
): Promise<Known> {
  const known: Known = { records: new Map(), rejected: new Map() };
  const asked = new Set<string>();
  let missing = [...new Set(ids)];
  while (missing.length > 0) {
    for (const id of missing) asked.add(id);
    for (const batch of batchesOf(missing, BATCH_READ)) await readBatch(context, stream, batch, known);
    const winners = [...known.records.values()].flatMap(({ MasterRecordId }) => MasterRecordId ?? []);
    missing = [...new Set(winners)].filter((id) => !asked.has(id));
  }
  return known;
}

async function readBatch(
  context: SalesforceContext,
  stream: SalesforceTable,
  ids: readonly string[],
  known: Known,
): Promise<void> {
  const statement = `${selectOf(context, stream)} WHERE Id IN ${idList(ids)}`;
  const { items, lossy } = await soqlAll(context, 'queryAll', statement);
  const { records: parsed, rejected } = readRecords(items, lossy);
  for (const record of parsed) known.records.set(record.Id, record);
  for (const bad of rejected) if (bad.id !== null) known.rejected.set(bad.id, bad);
  const nameless = rejected.some(({ id }) => id === null);
  const unexplained = ids.some((id) => !known.records.has(id) && !known.rejected.has(id));
  // "Gone" deletes an identity: it must not be concluded for a record that came without a readable id.
  if (nameless && unexplained) throw new InvalidResponse('A query by ids answered a record without one');
}

function answerFor(stream: SalesforceTable, id: string, known: Known): FetchedRecord {
  const bad = known.rejected.get(id);
  if (bad) return { status: 'rejected', rejected: bad };
  const record = known.records.get(id);
  if (!record) return { status: 'gone' };
  if (!isGone(record)) return { status: 'found', record: toSourceRecord(stream, record) };
  if (!record.IsDeleted || !record.MasterRecordId) return { status: 'gone' };
  const winner = survivorOf(record, known);
  return {
    status: 'merged',
    mergedInto: winner?.Id ?? record.MasterRecordId,
    record: winner && !isGone(winner) ? toSourceRecord(stream, winner) : null,
  };
}

/** A circle cannot be, and does not hold us when it is. */
function survivorOf(loser: SalesforceRecord, { records }: Known): SalesforceRecord | undefined {
  const seen = new Set([loser.Id]);
  let record = records.get(loser.MasterRecordId ?? '');
  while (record?.IsDeleted && record.MasterRecordId && !seen.has(record.Id)) {
    seen.add(record.Id);
    record = records.get(record.MasterRecordId) ?? record;
  }
  return record;
}

export const BATCH_READ = IDS_PER_QUERY;
