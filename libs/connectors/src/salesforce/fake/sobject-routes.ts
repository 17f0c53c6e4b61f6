import { z } from 'zod';
import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { type FakeField, fieldsOf } from './field-definitions.js';
import { FakeRefusal, notFound, unknownField } from './salesforce-errors.js';
import type { SalesforceOrg } from './salesforce-org.js';
import type { SObjectTable } from './sobject-table.js';
import { recordJson, wireTime } from './soql-query.js';

/** Records one by one, in collections, and what is known about their object. */
export function sobjectRoute(org: SalesforceOrg, request: FakeRequest, rest: string): FakeReply | null {
  const [, composite, type = '', id] = /^(\/composite)?\/sobjects\/(\w+)(?:\/(\w*))?\/?$/.exec(rest) ?? [];
  const table = org.tableOf(type);
  if (!table) return null;
  if (composite) return request.method === 'POST' ? retrieve(org, table, request) : null;
  if (id === 'describe') return describe(table);
  if (id === 'deleted') return deletedFeed(org, table, request.query);
  if (!id) return request.method === 'POST' ? create(table, request) : null;
  return single(org, table, request, id);
}

function single(org: SalesforceOrg, table: SObjectTable, request: FakeRequest, id: string): FakeReply {
  const record = table.find(id);
  if (!record || record.deleted) return notFound();
  if (request.method === 'PATCH') table.update(id, valuesSchema.parse(jsonOf(request)));
  if (request.method === 'DELETE') table.remove(id);
  if (request.method !== 'GET') return { status: 204 };
  const wanted = request.query.get('fields')?.split(',') ?? fieldsOf(table.type).map(({ name }) => name);
  return { status: 200, json: recordJson(org, table, record, wanted) };
}

function create(table: SObjectTable, request: FakeRequest): FakeReply {
  const { id } = table.create(valuesSchema.parse(jsonOf(request)));
  return { status: 201, json: { id, success: true, errors: [] } };
}

/** Null stands in the place of a record that is not there. */
function retrieve(org: SalesforceOrg, table: SObjectTable, request: FakeRequest): FakeReply {
  const { ids, fields } = z
    .object({ ids: z.array(z.string()).max(2_000), fields: z.array(z.string()).min(1) })
    .parse(jsonOf(request));
  const names = new Set(fieldsOf(table.type).map(({ name }) => name));
  for (const name of fields) if (!names.has(name)) throw unknownField(name, table.type);
  const json = ids.map((id) => {
    const record = table.find(id);
    return record && !record.deleted ? recordJson(org, table, record, ['Id', ...fields]) : null;
  });
  return { status: 200, json };
}

function deletedFeed({ clock }: SalesforceOrg, table: SObjectTable, query: URLSearchParams): FakeReply {
  const [start, end] = ['start', 'end'].map((name) => Date.parse(query.get(name) ?? ''));
  if (start === undefined || end === undefined || !(end > start))
    throw new FakeRefusal('INVALID_REPLICATION_DATE', 'startDate must be before endDate');
  if (clock.now() - start > 30 * DAY_MS)
    throw new FakeRefusal('INVALID_REPLICATION_DATE', 'startDate before org replication enabled date');
  const deletedRecords = table
    .visible()
    .filter(({ deleted, modifiedAt }) => deleted && modifiedAt >= start && modifiedAt < end)
    .map(({ id, modifiedAt }) => ({ id, deletedDate: wireTime(modifiedAt) }));
  const covered = {
    earliestDateAvailable: wireTime(clock.now() - 30 * DAY_MS),
    latestDateCovered: wireTime(end),
  };
  return { status: 200, json: { deletedRecords, ...covered } };
}

function describe({ type }: SObjectTable): FakeReply {
  return {
    status: 200,
    json: { name: type, label: type, queryable: true, fields: fieldsOf(type).map(fieldJson) },
  };
}

function fieldJson({ name, label, type, picklistValues = [] }: FakeField) {
  return {
    name,
    label,
    type,
    length: 80,
    nillable: true,
    custom: name.endsWith('__c'),
    calculated: false,
    unique: false,
    inlineHelpText: null,
    picklistValues: picklistValues.map((value) => ({
      value,
      label: value,
      active: true,
      defaultValue: false,
    })),
  };
}

const jsonOf = ({ body }: FakeRequest): unknown => JSON.parse(body.toString('utf8'));

const valuesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const DAY_MS = 24 * 60 * 60 * 1000;
