import { callFor } from '../ground/http/call-for.js';
import { InvalidResponse } from '../port/connector.errors.js';
import { dataClient, dataPath, type SalesforceContext } from './salesforce.client.js';
import { DEFAULT_FIELDS } from './salesforce.mapping.js';
import { querySchema } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';

export interface QueryAnswer {
  readonly items: readonly unknown[];
  readonly total: number;
  /** Wide rows make Salesforce stop before the LIMIT: then only this says that there is more. */
  readonly nextPath: string | null;
  readonly lossy: boolean;
  /** Without a `Date` header there is only our own clock; the lookback covers a small difference. */
  readonly serverTime: Date;
  readonly serverDate: Date | null;
}

/** `queryAll` sees the recycle bin as well. */
export type QueryResource = 'query' | 'queryAll';

export function soql(
  context: SalesforceContext,
  resource: QueryResource,
  statement: string,
): Promise<QueryAnswer> {
  return ask(context, dataPath(context, `/${resource}`), { q: statement });
}

/** Everything a bounded statement finds, by following its pages. */
export async function soqlAll(
  context: SalesforceContext,
  resource: QueryResource,
  statement: string,
): Promise<{ items: unknown[]; lossy: boolean }> {
  let answer = await soql(context, resource, statement);
  const all = { items: [...answer.items], lossy: answer.lossy };
  while (answer.nextPath !== null) {
    if (answer.items.length === 0) throw new InvalidResponse(`${resource} promised more but did not advance`);
    answer = await ask(context, answer.nextPath, {});
    all.items.push(...answer.items);
    all.lossy ||= answer.lossy;
  }
  return all;
}

async function ask(
  context: SalesforceContext,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<QueryAnswer> {
  const { data, ...answer } = await callFor(dataClient(context), { method: 'GET', path, query }, querySchema);
  return {
    items: data.records,
    total: data.totalSize,
    nextPath: data.done ? null : pathOf(data.nextRecordsUrl),
    lossy: answer.lossy,
    serverTime: answer.serverDate ?? context.now(),
    serverDate: answer.serverDate,
  };
}

/** It is joined to the instance URL, so that nothing but a path may come in. */
function pathOf(nextRecordsUrl: string | undefined): string {
  if (nextRecordsUrl && /^\/services\/data\/v\d+\.0\/query(All)?\/[\w-]+$/.test(nextRecordsUrl))
    return nextRecordsUrl;
  throw new InvalidResponse('A query answered done: false without a nextRecordsUrl on the same host');
}

export function selectOf({ config }: SalesforceContext, stream: SalesforceTable): string {
  const omitted = new Set((config.omitFields[stream] ?? []).map((name) => name.toLowerCase()));
  const wanted = [...DEFAULT_FIELDS[stream], ...(config.fields[stream] ?? [])].filter(
    (name) => !omitted.has(name.toLowerCase()),
  );
  const needed = ['Id', 'SystemModstamp', 'IsDeleted', 'MasterRecordId'];
  const all = [...needed, ...(stream === 'leads' ? ['IsConverted'] : []), ...wanted];
  return `SELECT ${onePerName(all).join(', ')} FROM ${OBJECTS[stream]}`;
}

/** SOQL refuses a field that is named twice, in whatever case. */
function onePerName(names: readonly string[]): string[] {
  return [...new Map(names.toReversed().map((name) => [name.toLowerCase(), name])).values()].toReversed();
}

/** Ids are checked before they come here; the escape holds even if they were not. */
export function idList(ids: readonly string[]): string {
  return `(${ids.map((id) => `'${id.replace(/[\\']/g, '\\$&')}'`).join(', ')})`;
}

export const OBJECTS = { contacts: 'Contact', accounts: 'Account', leads: 'Lead' } as const;
