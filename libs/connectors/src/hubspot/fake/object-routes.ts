import { z } from 'zod';
import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import type { HubSpotAccount } from './hubspot-account.js';
import { hubSpotError, invalidRequest, notFound } from './hubspot-errors.js';
import { objectJson } from './object-json.js';
import { searchObjects, searchRequestSchema } from './object-search.js';
import type { FakeObject, ObjectTable } from './object-table.js';
import { isKnownProperty } from './property-definitions.js';

export interface ObjectCall {
  readonly account: HubSpotAccount;
  readonly table: ObjectTable;
  readonly type: 'contacts' | 'companies';
  readonly request: FakeRequest;
}

/** `/crm/objects/...` behind the type: `rest` is what follows it. */
export function objectRoute(call: ObjectCall, rest: string): FakeReply {
  const route = ROUTES[`${call.request.method} ${rest}`];
  if (route) return route(call);
  const id = /^\/(\d+)$/.exec(rest)?.[1];
  return id === undefined ? notFound() : (ITEM_ROUTES[call.request.method]?.(call, id) ?? notFound());
}

type Route = (call: ObjectCall) => FakeReply;

const ROUTES: Readonly<Record<string, Route>> = {
  'GET ': list,
  'POST ': create,
  'POST /search': search,
  'POST /batch/read': batchRead,
  'POST /batch/archive': batchArchive,
  'POST /merge': merge,
  'POST /gdpr-delete': erase,
};

const ITEM_ROUTES: Readonly<Record<string, (call: ObjectCall, id: string) => FakeReply>> = {
  GET: retrieve,
  PATCH: update,
  DELETE: archive,
};

function list({ table, request: { query } }: ObjectCall): FakeReply {
  const limit = Number(query.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    return invalidRequest('Page size must be between 1 and 100');
  const after = query.get('after') ?? '0';
  if (!/^\d+$/.test(after)) return invalidRequest('The after parameter is not valid');
  const following = table.listed(query.get('archived') === 'true', after, limit + 1);
  const page = following.slice(0, limit);
  return ok({
    results: page.map((object) => objectJson(table, object, names(query.get('properties')))),
    ...paging(following.length > limit ? page.at(-1)?.id : undefined),
  });
}

function search({ table, type, request }: ObjectCall): FakeReply {
  if (request.body.length > 3_000)
    return invalidRequest('The search request is longer than 3,000 characters');
  const parsed = searchRequestSchema.safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest(`Invalid input JSON: ${parsed.error.issues[0]?.message}`);
  const { limit, after, properties, filterGroups } = parsed.data;
  const unknown = filterGroups
    .flatMap(({ filters }) => filters)
    .find(({ propertyName }) => !isKnownProperty(type, propertyName));
  if (unknown) return invalidRequest('There was a problem with the request.');
  if (after + limit > 10_000) return invalidRequest('The sum of after and limit must not be beyond 10000');
  const matches = searchObjects(table.searchable(), parsed.data);
  const end = after + limit;
  return ok({
    total: matches.length,
    results: matches.slice(after, end).map((object) => objectJson(table, object, properties)),
    ...paging(matches.length > end ? String(end) : undefined),
  });
}

const batchReadSchema = z.object({
  inputs: z.array(z.object({ id: z.string() })).max(100),
  properties: z.array(z.string()).default([]),
});

function batchRead({ account, table, type, request }: ObjectCall): FakeReply {
  const parsed = batchReadSchema.safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Batch requests take at most 100 inputs');
  const { inputs, properties } = parsed.data;
  const archived = request.query.get('archived') === 'true';
  const found = new Map<string, FakeObject>();
  const missing: string[] = [];
  for (const { id } of inputs) {
    const object = account.mergedReads === 'winner' ? table.resolve(id) : table.find(id);
    if (object && object.mergedInto === null && (object.archivedAt !== null) === archived)
      found.set(object.id, object);
    else missing.push(id);
  }
  const now = new Date(account.clock.now()).toISOString();
  const results = [...found.values()].map((object) => objectJson(table, object, properties));
  const body = { status: 'COMPLETE', results, startedAt: now, completedAt: now };
  if (missing.length === 0) return ok(body);
  return { status: 207, json: { ...body, numErrors: 1, errors: [missingError(type, missing)] } };
}

function missingError(type: string, ids: readonly string[]) {
  const object = type === 'contacts' ? 'CONTACT' : 'COMPANY';
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${object} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids },
  };
}

const writeSchema = z.object({ properties: z.record(z.string(), z.string().nullable()) });

function create({ table, request }: ObjectCall): FakeReply {
  const parsed = writeSchema.safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Invalid input JSON');
  const { properties } = parsed.data;
  const taken = properties.email
    ? table
        .listed(false)
        .find((object) => object.properties.email?.toLowerCase() === properties.email?.toLowerCase())
    : undefined;
  if (taken) return hubSpotError(409, 'CONFLICT', `Contact already exists. Existing ID: ${taken.id}`);
  return { status: 201, json: objectJson(table, table.create(properties), Object.keys(properties)) };
}

function retrieve({ table, request: { query } }: ObjectCall, id: string): FakeReply {
  const object = table.resolve(id);
  const archived = query.get('archived') === 'true';
  if (!object || (object.archivedAt !== null) !== archived) return notFound();
  return ok(objectJson(table, object, names(query.get('properties'))));
}

function update({ table, request }: ObjectCall, id: string): FakeReply {
  const parsed = writeSchema.safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Invalid input JSON');
  if (!isLive(table, id)) return notFound();
  return ok(objectJson(table, table.update(id, parsed.data.properties), Object.keys(parsed.data.properties)));
}

/** Archiving what is already archived is fine with HubSpot. */
function archive({ table }: ObjectCall, id: string): FakeReply {
  if (isLive(table, id)) table.archive(id);
  return { status: 204 };
}

function batchArchive({ table, request }: ObjectCall): FakeReply {
  const parsed = batchReadSchema.pick({ inputs: true }).safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Batch requests take at most 100 inputs');
  for (const { id } of parsed.data.inputs) if (isLive(table, id)) table.archive(id);
  return { status: 204 };
}

function merge({ table, request }: ObjectCall): FakeReply {
  const schema = z.object({ primaryObjectId: z.string(), objectIdToMerge: z.string() });
  const parsed = schema.safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Invalid input JSON');
  const { primaryObjectId: primary, objectIdToMerge: other } = parsed.data;
  if (primary === other || !isLive(table, primary) || !isLive(table, other))
    return invalidRequest('Both records have to exist, and be two');
  return ok(objectJson(table, table.merge(primary, other), []));
}

function erase({ table, request }: ObjectCall): FakeReply {
  const parsed = z.object({ objectId: z.string() }).safeParse(jsonOf(request));
  if (!parsed.success) return invalidRequest('Invalid input JSON');
  if (isLive(table, parsed.data.objectId)) table.erase(parsed.data.objectId);
  return { status: 204 };
}

function isLive(table: ObjectTable, id: string): boolean {
  const object = table.find(id);
  return object !== null && object.archivedAt === null && object.mergedInto === null;
}

function jsonOf({ body }: FakeRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Not JSON is just another body that no schema accepts.
    return undefined;
  }
}

function names(list: string | null): string[] {
  return list ? list.split(',').filter((name) => name !== '') : [];
}

function paging(after: string | undefined) {
  return after === undefined ? {} : { paging: { next: { after, link: `?after=${after}` } } };
}

function ok(json: unknown): FakeReply {
  return { status: 200, json };
}
