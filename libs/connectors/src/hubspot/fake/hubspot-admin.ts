import { z } from 'zod';
import type { FakeHandler, FakeReply } from '../../testing/fake-server.js';
import { faultSchema } from '../../testing/faults.js';
import type { HubSpotAccount } from './hubspot-account.js';
import type { ObjectTable } from './object-table.js';

/** The other port: what a person clicks in HubSpot, and what only a fake can do. `GET /` lists the routes. */
export function hubSpotAdmin(account: HubSpotAccount): FakeHandler {
  return async (request) => {
    const body = request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
    for (const [route, run] of Object.entries(ROUTES)) {
      const [method, pattern = ''] = route.split(' ');
      const match = method === request.method && toRegExp(pattern).exec(request.path);
      if (match) return { status: 200, json: (await run(account, body, match.groups ?? {})) ?? null };
    }
    return { status: 404, json: { routes: Object.keys(ROUTES) } };
  };
}

type Params = Readonly<Record<string, string>>;
type Run = (account: HubSpotAccount, body: unknown, params: Params) => unknown;

const pairSchema = z.object({ contact: z.string(), company: z.string() });
const propertiesSchema = z.object({ properties: z.record(z.string(), z.string().nullable()) });

const limitsSchema = z
  .strictObject({
    tenSecondly: z.int().min(0),
    searchPerSecond: z.int().min(0),
    daily: z.int().min(0),
    retryAfter: z.enum(['none', 'seconds', 'date']),
  })
  .partial();

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /': () => ({ routes: Object.keys(ROUTES) }),
  'GET /state': state,
  'POST /clock/advance': (account, body) => account.advance(z.object({ ms: z.number() }).parse(body).ms),
  'POST /seed': (account, body) =>
    account.seed(
      z
        .object({ contacts: z.int().min(0), companies: z.int().min(0) })
        .partial()
        .parse(body),
    ),
  'POST /limits': (account, body) => {
    account.rates.limits = { ...account.rates.limits, ...limitsSchema.parse(body) };
  },
  'POST /faults': (account, body) => account.faults.add(faultSchema.parse(body)),
  'DELETE /faults': (account) => account.faults.clear(),
  'POST /tokens/expire': (account) => account.tokens.expireAll(),
  'POST /tokens/revive': (account) => account.tokens.revive(),
  'POST /webhooks': (account, body) => account.webhooks.send(targetSchema.parse(body)),
  'POST /webhooks/deliver': (account) => account.webhooks.deliver(),
  'POST /webhooks/lose': (account) => ({ lost: account.webhooks.lose() }),
  'POST /associations': (account, body) => {
    const { contact, company } = pairSchema.parse(body);
    account.associations.add(contact, company);
  },
  'POST /associations/remove': (account, body) => {
    const { contact, company } = pairSchema.parse(body);
    account.associations.remove(contact, company);
  },
  'POST /:type': (account, body, { type }) =>
    table(account, type).create(propertiesSchema.parse(body).properties),
  'POST /:type/merge': (account, body, { type }) => {
    const { primary, other } = z.object({ primary: z.string(), other: z.string() }).parse(body);
    return table(account, type).merge(primary, other);
  },
  'PATCH /:type/:id': (account, body, { type, id = '' }) =>
    table(account, type).update(id, propertiesSchema.parse(body).properties),
  'DELETE /:type/:id': (account, _body, { type, id = '' }) => table(account, type).archive(id),
  'POST /:type/:id/restore': (account, _body, { type, id = '' }) => table(account, type).restore(id),
  'POST /:type/:id/erase': (account, _body, { type, id = '' }) => table(account, type).erase(id),
};

const targetSchema = z.object({
  url: z.url(),
  signedUrl: z.url().optional(),
  signature: z.enum(['v3', 'v1', 'both']).optional(),
  shuffle: z.boolean().optional(),
  duplicate: z.boolean().optional(),
  automatic: z.boolean().default(true),
});

function state(account: HubSpotAccount): FakeReply['json'] {
  return {
    portalId: account.portalId,
    now: new Date(account.clock.now()).toISOString(),
    contacts: account.contacts.listed(false).length,
    companies: account.companies.listed(false).length,
    archivedContacts: account.contacts.listed(true).length,
    requestsToday: account.rates.usedToday,
    deliveries: account.webhooks.attempts.slice(-20),
  };
}

function table(account: HubSpotAccount, type = ''): ObjectTable {
  const found = account.tableOf(type);
  if (!found) throw new Error(`There are contacts and companies, not ${type}`);
  return found;
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}$`);
}
