import { z } from 'zod';
import type { FakeHandler } from '../../testing/fake-server.js';
import { faultSchema } from '../../testing/faults.js';
import type { SalesforceOrg } from './salesforce-org.js';
import type { SObjectTable } from './sobject-table.js';

/** The other port: what a person clicks in Salesforce, and what only a fake can do. `GET /` lists the routes. */
export function salesforceAdmin(org: SalesforceOrg): FakeHandler {
  return async (request) => {
    const body = request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
    for (const [route, run] of Object.entries(ROUTES)) {
      const [method, pattern = ''] = route.split(' ');
      const match = method === request.method && toRegExp(pattern).exec(request.path);
      if (match) return { status: 200, json: (await run(org, body, match.groups ?? {})) ?? null };
    }
    return { status: 404, json: { routes: Object.keys(ROUTES) } };
  };
}

type Params = Readonly<Record<string, string>>;
type Run = (org: SalesforceOrg, body: unknown, params: Params) => unknown;

const counts = z
  .object({ contacts: z.int().min(0), accounts: z.int().min(0), leads: z.int().min(0) })
  .partial();
const fields = z.object({
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
const mergeSchema = z.object({ master: z.string(), others: z.array(z.string()).min(1).max(2) });
const targetSchema = z.object({
  url: z.url(),
  format: z.enum(['outbound', 'changes']).optional(),
  shuffle: z.boolean().optional(),
  duplicate: z.boolean().optional(),
  automatic: z.boolean().default(true),
});
const limitsSchema = z
  .object({
    daily: z.int().min(0),
    concurrent: z.int().min(0),
    retryAfter: z.enum(['none', 'seconds', 'date']),
  })
  .partial();

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /': () => ({ routes: Object.keys(ROUTES) }),
  'GET /state': state,
  'POST /clock/advance': (org, body) => org.advance(z.object({ ms: z.number() }).parse(body).ms),
  'POST /seed': (org, body) => org.seed(counts.parse(body)),
  'POST /faults': (org, body) => org.faults.add(faultSchema.parse(body)),
  'DELETE /faults': (org) => org.faults.clear(),
  'POST /limits': (org, body) => {
    org.usage.limits = { ...org.usage.limits, ...limitsSchema.parse(body) };
  },
  'POST /tokens/expire': (org) => org.logins.expireAll(),
  'POST /tokens/revive': (org) => org.logins.revive(),
  'POST /webhooks': (org, body) => org.messages.send(targetSchema.parse(body)),
  'POST /webhooks/deliver': (org) => org.messages.deliver(),
  'POST /webhooks/lose': (org) => ({ lost: org.messages.lose() }),
  'POST /Lead/:id/convert': (org, _body, { id = '' }) => org.convertLead(id),
  'POST /:type': (org, body, { type }) => table(org, type).create(fields.parse(body).fields),
  'POST /:type/merge': (org, body, { type }) => {
    const { master, others } = mergeSchema.parse(body);
    return table(org, type).merge(master, ...others);
  },
  'POST /:type/fields/:name/hide': (org, _body, { type, name = '' }) => table(org, type).hide(name),
  'PATCH /:type/:id': (org, body, { type, id = '' }) =>
    table(org, type).update(id, fields.parse(body).fields),
  'DELETE /:type/:id': (org, _body, { type, id = '' }) => table(org, type).remove(id),
  'POST /:type/:id/undelete': (org, _body, { type, id = '' }) => table(org, type).undelete(id),
  'POST /:type/:id/purge': (org, _body, { type, id = '' }) => table(org, type).purge(id),
};

function state(org: SalesforceOrg): object {
  return {
    organizationId: org.id,
    now: new Date(org.clock.now()).toISOString(),
    contacts: org.contacts.liveCount(),
    accounts: org.accounts.liveCount(),
    leads: org.leads.liveCount(),
    requestsToday: org.usage.used,
    messages: org.messages.attempts.slice(-20),
  };
}

function table(org: SalesforceOrg, type = ''): SObjectTable {
  const found = org.tableOf(type);
  if (!found) throw new Error(`There are Contact, Account and Lead, not ${type}`);
  return found;
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>\\w+)')}$`);
}
