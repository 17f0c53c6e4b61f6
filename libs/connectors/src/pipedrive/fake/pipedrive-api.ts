import type { FakeHandler, FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import { fieldsAnswer } from './field-definitions.js';
import { itemJson } from './item-json.js';
import { listItems } from './item-list.js';
import type { PipedriveCompany } from './pipedrive-company.js';
import { badRequest, notFound } from './pipedrive-errors.js';

/** The public API: faults first, then credentials, then limits, then the answer, by the fake's clock. */
export function pipedriveApi(company: PipedriveCompany): FakeHandler {
  return async (request, response) => {
    response.setHeader('date', new Date(company.clock.now()).toUTCString());
    const proper = async () => answer(company, request);
    const fault = company.faults.take(request.path);
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

function answer(company: PipedriveCompany, request: FakeRequest): FakeReply {
  if (request.method === 'POST' && request.path === '/oauth/token')
    return company.tokens.exchange(request, `http://${request.headers.host}`);
  const refusal = company.tokens.refuse(request) ?? company.rates.admit(costOf(request));
  const reply = refusal ?? route(company, request) ?? notFound('Unknown method.');
  return { ...reply, headers: { ...company.rates.headers(), ...reply.headers } };
}

/** Tokens of the day, as version 2 charges them. */
function costOf({ method, path }: FakeRequest): number {
  if (method !== 'GET') return 5;
  return /\/\d+$/.test(path) ? 1 : 10;
}

function route(company: PipedriveCompany, request: FakeRequest): FakeReply | null {
  const { method, path } = request;
  // The SDK leaves out the /api that newer paths begin with.
  if (method === 'GET' && /^(\/api)?\/v1\/users\/me$/.test(path)) return currentUser(company);
  if (method === 'POST' && /^(\/api)?\/v[12]\/webhooks$/.test(path)) return subscribe(company, request);
  const fields = /^(?:\/api)?\/(v[12])\/(person|organization)Fields$/.exec(path);
  if (method === 'GET' && fields)
    return fieldsAnswer(fields[2] === 'person' ? 'person' : 'organization', fields[1] ?? '', request);
  const [, name = '', id] = /^\/api\/v2\/(persons|organizations)(?:\/(\d+))?$/.exec(path) ?? [];
  return name === '' ? null : items(company, request, name, id === undefined ? null : Number(id));
}

function items(
  company: PipedriveCompany,
  request: FakeRequest,
  name: string,
  id: number | null,
): FakeReply | null {
  const found = company.tableOf(name);
  if (!found) return null;
  const { entity, table } = found;
  const shown = (item: Parameters<typeof itemJson>[1]) => ({
    status: 200,
    json: { success: true, data: itemJson(entity, item) },
  });
  if (id === null) {
    if (request.method === 'POST') return shown(table.create(bodyOf(request)));
    const { deletedReads } = company;
    return request.method === 'GET' ? listItems({ entity, table, deletedReads }, request) : null;
  }
  const item = table.find(id);
  if (!item || item.deletedAt !== null) return notFound();
  if (request.method === 'GET') return shown(item);
  if (request.method === 'PATCH') return shown(table.update(id, bodyOf(request)));
  if (request.method !== 'DELETE') return null;
  table.delete(id);
  return { status: 200, json: { success: true, data: { id } } };
}

function currentUser(company: PipedriveCompany): FakeReply {
  return {
    status: 200,
    json: {
      success: true,
      data: {
        id: 1,
        name: 'Robin Admin',
        default_currency: 'EUR',
        timezone_name: 'Europe/Tallinn',
        company_id: company.companyId,
        company_name: 'Company',
        company_domain: 'company',
      },
    },
  };
}

function subscribe(company: PipedriveCompany, request: FakeRequest): FakeReply {
  const body = bodyOf(request);
  const { subscription_url: url, event_action: action, event_object: entity } = body;
  if (typeof url !== 'string' || typeof action !== 'string' || typeof entity !== 'string')
    return badRequest('subscription_url, event_action and event_object are required');
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const id = company.webhooks.subscribe({
    url,
    action,
    entity,
    user: text(body.http_auth_user),
    password: text(body.http_auth_password),
  });
  return { status: 201, json: { status: 'ok', success: true, data: { id, company_id: company.companyId } } };
}

function bodyOf(request: FakeRequest): Record<string, unknown> {
  return JSON.parse(request.body.toString('utf8'));
}
