import type { FakeHandler, FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import type { FakeRecord } from '../../testing/record-table.js';
import { espoTime, recordJson } from './espocrm-json.js';
import type { EspoSite } from './espocrm-site.js';

/** EspoCRM's REST API as far as a reader needs it: lists with `where`, single records, metadata, the API user. */
export function espoApi(site: EspoSite): FakeHandler {
  return async (request, response) => {
    response.setHeader('date', new Date(site.clock.now()).toUTCString());
    const proper = async () => answer(site, request);
    const fault = site.faults.take(request.path);
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

function answer(site: EspoSite, request: FakeRequest): FakeReply {
  const limited = site.gateway.admit();
  if (limited) return limited;
  if (request.headers['x-api-key'] !== site.apiKey || !site.active) return { status: 401 };
  if (request.path === '/api/v1/App/user')
    return {
      status: 200,
      json: { user: { id: '65f1c0ffee0000001', userName: 'rollcall', type: 'api' }, acl: { table: {} } },
    };
  if (request.path === '/api/v1/Metadata') return metadata(request.query.get('key') ?? '');
  const [, entity = '', id] = /^\/api\/v1\/(Contact|Account)(?:\/([\w-]+))?$/.exec(request.path) ?? [];
  const table = site.tables[entity];
  if (!table || request.method !== 'GET') return refuse(404, 'Not found');
  if (id === undefined) return list(site, entity, request.query);
  const record = table.find(id);
  return record && !record.deleted
    ? { status: 200, json: recordJson(record) }
    : refuse(404, 'Record does not exist.');
}

function list(site: EspoSite, entity: string, query: URLSearchParams): FakeReply {
  const maxSize = Number(query.get('maxSize') ?? 20);
  if (maxSize > 200) return refuse(403, 'Max size should should not exceed 200. Use offset and limit.');
  const conditions = whereOf(query);
  if (conditions === null) return refuse(400, 'Bad where.');
  const found = (site.tables[entity]?.listed() ?? [])
    .filter((record) => conditions.every((condition) => holds(condition, record)))
    .sort(byAttribute(query.get('orderBy') ?? 'createdAt', query.get('order') === 'desc' ? -1 : 1));
  const offset = Number(query.get('offset') ?? 0);
  return {
    status: 200,
    json: { total: found.length, list: found.slice(offset, offset + maxSize).map(recordJson) },
  };
}

interface Condition {
  readonly attribute: string;
  readonly value: string;
  readonly type: string;
}

const COMPARISONS: Readonly<Record<string, (given: string, value: string) => boolean>> = {
  equals: (given, value) => given === value,
  greaterThan: (given, value) => given > value,
  greaterThanOrEquals: (given, value) => given >= value,
  lessThan: (given, value) => given < value,
  lessThanOrEquals: (given, value) => given <= value,
};

/** `where[0][type]=…`; null for what EspoCRM refuses, such as a time that is not to the second. */
function whereOf(query: URLSearchParams): Condition[] | null {
  const conditions: Condition[] = [];
  for (let n = 0; query.has(`where[${n}][type]`); n += 1) {
    const [type = '', attribute = '', value = ''] = ['type', 'attribute', 'value'].map(
      (part) => query.get(`where[${n}][${part}]`) ?? '',
    );
    const isTime = attribute === 'modifiedAt' || attribute === 'createdAt';
    if (!COMPARISONS[type] || attribute === '' || value === '') return null;
    if (isTime && !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value)) return null;
    conditions.push({ type, attribute, value });
  }
  return conditions;
}

function holds({ type, attribute, value }: Condition, record: FakeRecord): boolean {
  return COMPARISONS[type]?.(attributeOf(record, attribute), value) ?? false;
}

function byAttribute(attribute: string, direction: 1 | -1) {
  return (a: FakeRecord, b: FakeRecord): number => {
    const [left, right] = [attributeOf(a, attribute), attributeOf(b, attribute)];
    return left === right ? 0 : left < right ? -direction : direction;
  };
}

function attributeOf(record: FakeRecord, attribute: string): string {
  if (attribute === 'id') return record.id;
  if (attribute === 'modifiedAt') return espoTime(record.modifiedAt);
  if (attribute === 'createdAt') return espoTime(record.createdAt);
  return String(record.fields[attribute] ?? '');
}

function metadata(key: string): FakeReply {
  const fields = METADATA[key];
  return fields ? { status: 200, json: fields } : { status: 200, json: null };
}

const text = { type: 'varchar', maxLength: 255 };
const METADATA: Readonly<Record<string, unknown>> = {
  'entityDefs.Contact.fields': {
    name: { type: 'personName', isPersonalData: true },
    firstName: text,
    lastName: text,
    title: text,
    emailAddress: { type: 'email', isPersonalData: true },
    phoneNumber: { type: 'phone', typeList: ['Mobile', 'Office'] },
    account: { type: 'link' },
    modifiedAt: { type: 'datetime', readOnly: true },
  },
  'entityDefs.Account.fields': {
    name: text,
    website: { type: 'url' },
    emailAddress: { type: 'email' },
    phoneNumber: { type: 'phone' },
    industry: { type: 'enum' },
    billingAddressCity: text,
    billingAddressCountry: text,
    modifiedAt: { type: 'datetime', readOnly: true },
  },
};

/** EspoCRM says why in a header, and mostly leaves the body empty. */
function refuse(status: number, reason: string): FakeReply {
  return { status, headers: { 'x-status-reason': reason } };
}
