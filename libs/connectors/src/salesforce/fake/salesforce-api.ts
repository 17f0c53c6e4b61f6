import { type FakeHandler, type FakeReply, type FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import { QueryPages } from './query-pages.js';
import { dataError, FakeRefusal, notFound } from './salesforce-errors.js';
import type { SalesforceOrg } from './salesforce-org.js';
import { sobjectRoute } from './sobject-routes.js';

/** The public API: faults first, then the session, then limits, then the answer, by the fake's clock. */
export function salesforceApi(org: SalesforceOrg): FakeHandler {
  const pages = new QueryPages(org);
  return async (request, response) => {
    response.setHeader('date', new Date(org.clock.now()).toUTCString());
    const proper = async () => answer(org, pages, request);
    const fault = org.faults.take(request.path);
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

function answer(org: SalesforceOrg, pages: QueryPages, request: FakeRequest): FakeReply {
  if (request.path === '/services/oauth2/token' && request.method === 'POST')
    return org.logins.exchange(new URLSearchParams(request.body.toString('utf8')));
  const session = org.logins.refuse(request.headers.authorization);
  if (session) return session;
  if (request.path === '/services/oauth2/userinfo') return userInfo(org);
  const reply = org.usage.admit() ?? refusable(() => dataAnswer(org, pages, request));
  return { ...reply, headers: { ...org.usage.headers(), ...reply.headers } };
}

function dataAnswer(org: SalesforceOrg, pages: QueryPages, request: FakeRequest): FakeReply {
  const rest = /^\/services\/data\/v\d+\.0(\/.*)$/.exec(request.path)?.[1];
  if (rest === undefined) return notFound();
  const query = /^\/(query|queryAll)(?:\/([\w-]+))?\/?$/.exec(rest);
  if (query && request.method === 'GET')
    return query[2] ? pages.next(query[2]) : pages.first(request, query[1] === 'queryAll');
  if (rest === '/limits') return limits(org);
  if (rest === '/limits/recordCount') return recordCount(org, request.query.get('sObjects') ?? '');
  return sobjectRoute(org, request, rest) ?? notFound();
}

function refusable(work: () => FakeReply): FakeReply {
  try {
    return work();
  } catch (error) {
    if (error instanceof FakeRefusal) return dataError(error.status, error.errorCode, error.message);
    throw error;
  }
}

function userInfo({ id, url, logins }: SalesforceOrg): FakeReply {
  const json = {
    sub: `${url}/id/${id}/0055g000001fakeAAA`,
    user_id: '0055g000001fakeAAA',
    organization_id: id,
    preferred_username: logins.username,
  };
  return { status: 200, json };
}

function limits({ usage }: SalesforceOrg): FakeReply {
  const { daily } = usage.limits;
  return { status: 200, json: { DailyApiRequests: { Max: daily, Remaining: daily - usage.used } } };
}

function recordCount(org: SalesforceOrg, names: string): FakeReply {
  const tables = names.split(',').flatMap((name) => org.tableOf(name) ?? []);
  const sObjects = tables.map((table) => ({ name: table.type, count: table.liveCount() }));
  return { status: 200, json: { sObjects } };
}
