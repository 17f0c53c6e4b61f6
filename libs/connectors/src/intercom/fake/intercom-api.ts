import { z } from 'zod';
import type { FakeHandler, FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import { intercomError, pages } from './intercom-answers.js';
import { companyJson, contactJson } from './intercom-json.js';
import { searchContacts } from './intercom-search.js';
import type { IntercomWorkspace } from './intercom-workspace.js';

/** Intercom's REST API: faults first, then limits, then the token, then the answer, by the fake's clock. */
export function intercomApi(workspace: IntercomWorkspace): FakeHandler {
  return async (request, response) => {
    response.setHeader('date', new Date(workspace.clock.now()).toUTCString());
    const proper = async () => answer(workspace, request);
    const fault = workspace.faults.take(request.path);
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

function answer(workspace: IntercomWorkspace, request: FakeRequest): FakeReply {
  const reply = workspace.limits.admit() ?? unauthorized(workspace, request) ?? route(workspace, request);
  return { ...reply, headers: { ...workspace.limits.headers(), ...reply.headers } };
}

function unauthorized(workspace: IntercomWorkspace, { headers }: FakeRequest): FakeReply | null {
  const fine = headers.authorization === `Bearer ${workspace.token}` && !workspace.tokenRevoked;
  return fine ? null : intercomError(401, 'unauthorized', 'Access Token Invalid');
}

function route(workspace: IntercomWorkspace, request: FakeRequest): FakeReply {
  const asked = `${request.method} ${request.path}`;
  for (const [pattern, run] of ROUTES) {
    const match = pattern.exec(asked);
    if (match) return run(workspace, request, match[1] ?? '');
  }
  return intercomError(404, 'not_found', 'The requested resource was not found');
}

type Run = (workspace: IntercomWorkspace, request: FakeRequest, id: string) => FakeReply;

const ROUTES: readonly (readonly [RegExp, Run])[] = [
  [/^GET \/me$/, me],
  [/^GET \/data_attributes$/, attributes],
  [/^GET \/contacts$/, listContacts],
  [/^POST \/contacts\/search$/, (workspace, request) => searchContacts(workspace, jsonOf(request))],
  [/^POST \/contacts$/, createContact],
  [/^GET \/contacts\/([\w-]+)$/, (workspace, _request, id) => showContact(workspace, id)],
  [/^PUT \/contacts\/([\w-]+)$/, updateContact],
  [/^POST \/contacts\/([\w-]+)\/archive$/, archiveContact],
  [/^POST \/companies\/list$/, listCompanies],
  [/^GET \/companies\/([\w-]+)$/, showCompany],
];

function me({ appId }: IntercomWorkspace): FakeReply {
  const app = {
    type: 'app',
    id_code: appId,
    name: 'Fake',
    created_at: 1_500_000_000,
    secure: false,
    region: 'US',
  };
  return {
    status: 200,
    json: { type: 'admin', id: '1', email: 'admin@x.example', name: 'Admin', email_verified: true, app },
  };
}

function attributes(_workspace: IntercomWorkspace, { query }: FakeRequest): FakeReply {
  const model = query.get('model') === 'company' ? 'company' : 'contact';
  const names = {
    contact: ['name', 'email', 'phone', 'role', 'external_id'],
    company: ['name', 'website', 'industry', 'size'],
  };
  const data = names[model].map((name) => ({
    type: 'data_attribute',
    model,
    name,
    full_name: name,
    label: name,
    description: '',
    data_type: name === 'size' ? 'integer' : 'string',
    api_writable: true,
    ui_writable: false,
    custom: false,
    archived: false,
  }));
  return { status: 200, json: { type: 'list', data } };
}

function listContacts(workspace: IntercomWorkspace, { query }: FakeRequest): FakeReply {
  const size = Number(query.get('per_page') ?? 15);
  if (size > 150) return intercomError(400, 'parameter_invalid', 'per_page must be at most 150');
  const after = Buffer.from(query.get('starting_after') ?? '', 'base64').toString();
  const all = workspace.contacts.listed();
  const rest = all.filter(({ id }) => id > after);
  const page = rest.slice(0, size);
  const last = rest.length > size ? page.at(-1) : undefined;
  return {
    status: 200,
    json: {
      type: 'list',
      data: page.map((record) => contactJson(workspace.appId, record)),
      total_count: all.length,
      pages: pages(size, all.length, last && Buffer.from(last.id).toString('base64')),
    },
  };
}

const contactSchema = z
  .looseObject({})
  .pipe(z.record(z.string(), z.union([z.string(), z.number(), z.null()])));

function createContact(workspace: IntercomWorkspace, request: FakeRequest): FakeReply {
  const parsed = contactSchema.safeParse(jsonOf(request));
  if (!parsed.success) return intercomError(400, 'parameter_invalid', 'bad body');
  const { email, role = 'user' } = parsed.data;
  const taken = workspace.contacts
    .listed()
    .find(({ fields }) => email && fields.email === email && fields.role === 'user');
  if (taken && role === 'user')
    return intercomError(
      409,
      'conflict',
      `A contact matching those details already exists with id=${taken.id}`,
    );
  return {
    status: 200,
    json: contactJson(workspace.appId, workspace.contacts.create({ role, ...parsed.data })),
  };
}

function showContact(workspace: IntercomWorkspace, id: string): FakeReply {
  const record = workspace.contacts.find(id);
  if (!record || record.deleted) return intercomError(404, 'not_found', 'User Not Found');
  return { status: 200, json: contactJson(workspace.appId, record) };
}

function updateContact(workspace: IntercomWorkspace, request: FakeRequest, id: string): FakeReply {
  const parsed = contactSchema.safeParse(jsonOf(request));
  if (!parsed.success) return intercomError(400, 'parameter_invalid', 'bad body');
  const shown = showContact(workspace, id);
  if (shown.status === 200) workspace.contacts.update(id, parsed.data);
  return showContact(workspace, id);
}

function archiveContact(workspace: IntercomWorkspace, _request: FakeRequest, id: string): FakeReply {
  const shown = showContact(workspace, id);
  if (shown.status !== 200) return shown;
  workspace.contacts.delete(id);
  return { status: 200, json: { type: 'contact', id, external_id: null, archived: true } };
}

/** Numbered pages, and no further than 10,000 companies. */
function listCompanies(workspace: IntercomWorkspace, { query }: FakeRequest): FakeReply {
  const size = Number(query.get('per_page') ?? 15);
  const page = Number(query.get('page') ?? 1);
  if (size > 60) return intercomError(400, 'parameter_invalid', 'per_page must be at most 60');
  if (page * size > 10_000 + size)
    return intercomError(400, 'page_limit_reached', 'Use the scroll API beyond 10,000 companies');
  const all = workspace.companies.listed();
  const data = all
    .slice((page - 1) * size, page * size)
    .map((record) => companyJson(workspace.appId, record));
  const total = Math.ceil(all.length / size);
  return {
    status: 200,
    json: {
      type: 'list',
      data,
      total_count: all.length,
      pages: { type: 'pages', page, per_page: size, total_pages: total },
    },
  };
}

function showCompany(workspace: IntercomWorkspace, _request: FakeRequest, id: string): FakeReply {
  const record = workspace.companies.find(id);
  if (!record || record.deleted) return intercomError(404, 'company_not_found', 'Company Not Found');
  return { status: 200, json: companyJson(workspace.appId, record) };
}

function jsonOf({ body }: FakeRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Not JSON is just another body that no schema accepts.
    return undefined;
  }
}
