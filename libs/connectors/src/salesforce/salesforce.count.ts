import { z } from 'zod';
import { callFor } from '../ground/http/call-for.js';
import { ConfigError } from '../port/connector.errors.js';
import { dataClient, dataPath, type SalesforceContext } from './salesforce.client.js';
import { OBJECTS } from './salesforce.query.js';
import type { SalesforceTable } from './salesforce.settings.js';

/** For estimates: cheap and a little old, where `SELECT COUNT()` over millions would run into a timeout. */
export async function approximateCount(
  context: SalesforceContext,
  stream: SalesforceTable,
): Promise<number | null> {
  const call = {
    method: 'GET',
    path: dataPath(context, '/limits/recordCount'),
    query: { sObjects: OBJECTS[stream] },
  } as const;
  try {
    const { data } = await callFor(dataClient(context), call, countSchema);
    return data.sObjects.find(({ name }) => name === OBJECTS[stream])?.count ?? null;
  } catch (error) {
    // A user who may not ask this still gets every record, only without an estimate.
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

const countSchema = z.looseObject({
  sObjects: z.array(z.looseObject({ name: z.string(), count: z.int().min(0) })),
});
