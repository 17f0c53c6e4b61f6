import { batchesOf } from '../ground/batches.js';
import type { SalesforceContext } from './salesforce.client.js';
import { idList, OBJECTS, soqlAll } from './salesforce.query.js';
import { loserSchema } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';

/** For each record the ones that were merged into it, as far as the recycle bin still has them. */
export async function losersOf(
  context: SalesforceContext,
  stream: SalesforceTable,
  winners: readonly string[],
): Promise<Map<string, string[]>> {
  const losers = new Map<string, string[]>();
  for (const batch of batchesOf(winners, IDS_PER_QUERY)) {
    const statement = `SELECT Id, MasterRecordId FROM ${OBJECTS[stream]} WHERE IsDeleted = true AND MasterRecordId IN ${idList(batch)}`;
    const { items } = await soqlAll(context, 'queryAll', statement);
    for (const item of items) {
      const { Id, MasterRecordId } = loserSchema.safeParse(item).data ?? {};
      if (Id && MasterRecordId) losers.set(MasterRecordId, [...(losers.get(MasterRecordId) ?? []), Id]);
    }
  }
  return losers;
}

/** A query travels in the URL, which may have 16,384 bytes; an id takes 28 of them. */
export const IDS_PER_QUERY = 200;
