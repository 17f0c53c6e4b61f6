import { z } from 'zod';
import type { FakeHandler } from '../../testing/fake-server.js';
import { faultSchema } from '../../testing/faults.js';
import type { ItemTable } from './item-table.js';
import type { PipedriveCompany } from './pipedrive-company.js';

/** The other port: what a person clicks in Pipedrive, and what only a fake can do. `GET /` lists the routes. */
export function pipedriveAdmin(company: PipedriveCompany): FakeHandler {
  return async (request) => {
    const body = request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
    for (const [route, run] of Object.entries(ROUTES)) {
      const [method, pattern = ''] = route.split(' ');
      const match = method === request.method && toRegExp(pattern).exec(request.path);
      if (match) return { status: 200, json: (await run(company, body, match.groups ?? {})) ?? null };
    }
    return { status: 404, json: { routes: Object.keys(ROUTES) } };
  };
}

type Params = Readonly<Record<string, string>>;
type Run = (company: PipedriveCompany, body: unknown, params: Params) => unknown;

const count = z.int().min(0).optional();
const fieldsSchema = z.record(z.string(), z.unknown());

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /': () => ({ routes: Object.keys(ROUTES) }),
  'GET /state': state,
  'POST /clock/advance': (company, body) => company.advance(z.object({ ms: z.number() }).parse(body).ms),
  'POST /seed': (company, body) =>
    company.seed(z.object({ persons: count, organizations: count }).parse(body)),
  'POST /faults': (company, body) => company.faults.add(faultSchema.parse(body)),
  'DELETE /faults': (company) => company.faults.clear(),
  'POST /tokens/expire': (company) => company.tokens.expireAll(),
  'POST /tokens/revive': (company) => company.tokens.revive(),
  'POST /webhooks': subscribe,
  'POST /webhooks/deliver': (company) => company.webhooks.deliver(),
  'POST /webhooks/lose': (company) => ({ lost: company.webhooks.lose() }),
  'POST /:type': (company, body, { type }) => table(company, type).create(fieldsSchema.parse(body)),
  'POST /:type/merge': (company, body, { type }) => {
    const { winner, loser } = z.object({ winner: z.int(), loser: z.int() }).parse(body);
    return table(company, type).merge(winner, loser);
  },
  'PATCH /:type/:id': (company, body, { type, id }) =>
    table(company, type).update(Number(id), fieldsSchema.parse(body)),
  'DELETE /:type/:id': (company, _body, { type, id }) => table(company, type).delete(Number(id)),
  'POST /:type/:id/restore': (company, _body, { type, id }) => table(company, type).restore(Number(id)),
  'POST /:type/:id/erase': (company, _body, { type, id }) => table(company, type).erase(Number(id)),
};

const targetSchema = z.object({
  url: z.url(),
  user: z.string().optional(),
  password: z.string().optional(),
  automatic: z.boolean().default(true),
});

function subscribe(company: PipedriveCompany, body: unknown) {
  const { automatic, ...subscription } = targetSchema.parse(body);
  company.webhooks.automatic = automatic;
  return { id: company.webhooks.subscribe(subscription) };
}

function state(company: PipedriveCompany) {
  const live = (items: ItemTable) => items.visible().filter(({ deletedAt }) => deletedAt === null).length;
  return {
    companyId: company.companyId,
    now: new Date(company.clock.now()).toISOString(),
    persons: live(company.persons),
    organizations: live(company.organizations),
    tokensLeftToday: company.rates.remainingToday,
    deliveries: company.webhooks.attempts.slice(-20),
  };
}

function table(company: PipedriveCompany, type = ''): ItemTable {
  const found = company.tableOf(type);
  if (!found) throw new Error(`There are persons and organizations, not ${type}`);
  return found.table;
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}$`);
}
