import { type FakeHandler, type FakeReply, type FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import { associationsRead } from './association-routes.js';
import type { HubSpotAccount } from './hubspot-account.js';
import { notFound } from './hubspot-errors.js';
import { objectRoute } from './object-routes.js';
import { propertyDefinitions } from './property-definitions.js';

/** The public API: faults first, then credentials, then limits, then the answer, by the fake's clock. */
export function hubSpotApi(account: HubSpotAccount): FakeHandler {
  return async (request, response) => {
    response.setHeader('date', new Date(account.clock.now()).toUTCString());
    const proper = async () => answer(account, request);
    const fault = account.faults.take(request.path);
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

function answer(account: HubSpotAccount, request: FakeRequest): FakeReply {
  if (request.target.length > MAX_TARGET) return { status: 414 };
  if (/^\/oauth\/(v1|\d{4}-\d{2})\/token$/.test(request.path))
    return account.tokens.exchange(new URLSearchParams(request.body.toString('utf8')));
  const found = ENDPOINTS.map(({ pattern, ...rest }) => ({
    match: pattern.exec(request.path),
    ...rest,
  })).find(({ match }) => match);
  const type = typeOf(found?.match?.[1]);
  const scope = found?.scope && type ? `crm.${found.scope}.${type}.read` : null;
  const isSearch = request.path.endsWith('/search');
  const refusal =
    account.tokens.refuse(request.headers.authorization, scope) ?? account.rates.admit(isSearch);
  const reply = refusal ?? found?.answer(account, request, type, found.match?.[2] ?? '') ?? notFound();
  return { ...reply, headers: { ...account.rates.headers(isSearch), ...reply.headers } };
}

/** HubSpot names no limit; its gateway was seen to refuse from here on, before anybody looks at the token. */
const MAX_TARGET = 8_000;

type ObjectType = 'contacts' | 'companies';
type Endpoint = {
  readonly pattern: RegExp;
  readonly scope: string | null;
  readonly answer: (
    account: HubSpotAccount,
    request: FakeRequest,
    type: ObjectType | null,
    rest: string,
  ) => FakeReply | null;
};

/** Dated versions and v3 differ in the place of the version only. */
const ENDPOINTS: readonly Endpoint[] = [
  {
    pattern: /^\/crm\/(?:v4\/associations|associations\/\d{4}-\d{2})\/([\w-]+)\/([\w-]+)\/batch\/read$/,
    scope: 'objects',
    answer: (account, request, from, to) => {
      const target = typeOf(to);
      return from && target && associationsRead(account.associations, { from, to: target, request });
    },
  },
  {
    pattern: /^\/crm\/(?:v3\/objects|objects\/\d{4}-\d{2})\/([\w-]+)(.*)$/,
    scope: 'objects',
    answer: objects,
  },
  {
    pattern: /^\/crm\/(?:v3\/properties|properties\/\d{4}-\d{2})\/([\w-]+)$/,
    scope: 'schemas',
    answer: properties,
  },
  { pattern: /^\/account-info\/(?:v3|\d{4}-\d{2})\/details$/, scope: null, answer: accountInfo },
];

function objects(
  account: HubSpotAccount,
  request: FakeRequest,
  type: ObjectType | null,
  rest: string,
): FakeReply | null {
  const table = type && account.tableOf(type);
  return table && objectRoute({ account, table, type, request }, rest);
}

function properties(
  _account: HubSpotAccount,
  _request: FakeRequest,
  type: ObjectType | null,
): FakeReply | null {
  return type && { status: 200, json: { results: propertyDefinitions(type) } };
}

function accountInfo(account: HubSpotAccount): FakeReply {
  return {
    status: 200,
    json: {
      portalId: account.portalId,
      accountType: 'DEVELOPER_TEST',
      timeZone: 'US/Eastern',
      companyCurrency: 'USD',
      additionalCurrencies: [],
      utcOffset: '-04:00',
      utcOffsetMilliseconds: -14_400_000,
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'na1',
    },
  };
}

function typeOf(name: string | undefined): ObjectType | null {
  if (name === 'contacts' || name === '0-1') return 'contacts';
  return name === 'companies' || name === '0-2' ? 'companies' : null;
}
