import { z } from 'zod';
import type { FakeHandler } from '../../testing/fake-server.js';
import { faultSchema } from '../../testing/faults.js';
import type { OdooDatabase } from './odoo-database.js';

/** The other port: what a person clicks in Odoo, and what only a fake can do. `GET /` lists the routes. */
export function odooAdmin(database: OdooDatabase): FakeHandler {
  return async (request) => {
    const body = request.body.length > 0 ? JSON.parse(request.body.toString('utf8')) : {};
    for (const [route, run] of Object.entries(ROUTES)) {
      const [method, pattern = ''] = route.split(' ');
      const match = method === request.method && toRegExp(pattern).exec(request.path);
      if (match) return { status: 200, json: (await run(database, body, Number(match.groups?.id))) ?? null };
    }
    return { status: 404, json: { routes: Object.keys(ROUTES) } };
  };
}

type Run = (database: OdooDatabase, body: unknown, id: number) => unknown;

const count = z.int().min(0).optional();
const values = z.record(z.string(), z.unknown());
const automationSchema = z.object({
  url: z.url(),
  trigger: z.enum(['on_create_or_write', 'on_unlink']).optional(),
  fields: z.array(z.string()).optional(),
  copies: z.int().min(1).max(50).optional(),
  automatic: z.boolean().default(true),
});

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /': () => ({ routes: Object.keys(ROUTES) }),
  'GET /state': state,
  'POST /clock/advance': (database, body) => database.advance(z.object({ ms: z.number() }).parse(body).ms),
  'POST /seed': (database, body) => database.seed(z.object({ people: count, companies: count }).parse(body)),
  'POST /faults': (database, body) => database.faults.add(faultSchema.parse(body)),
  'DELETE /faults': (database) => database.faults.clear(),
  'POST /key/expire': (database) => {
    database.keyIsValid = false;
  },
  'POST /key/revive': (database) => {
    database.keyIsValid = true;
  },
  'POST /webhooks': (database, body) => database.webhooks.add(automationSchema.parse(body)),
  'POST /webhooks/deliver': (database) => database.webhooks.deliver(),
  'POST /webhooks/lose': (database) => ({ lost: database.webhooks.lose() }),
  'POST /partners': (database, body) => database.partners.create([values.parse(body)])[0],
  'POST /partners/merge': (database, body) => {
    const { winner, losers } = z.object({ winner: z.int(), losers: z.array(z.int()) }).parse(body);
    database.partners.merge(winner, losers);
  },
  'PATCH /partners/:id': (database, body, id) => database.partners.write([id], values.parse(body)),
  'DELETE /partners/:id': (database, _body, id) => database.partners.unlink([id]),
  'POST /partners/:id/archive': (database, _body, id) => database.partners.write([id], { active: false }),
  'POST /partners/:id/restore': (database, _body, id) => database.partners.write([id], { active: true }),
};

function state(database: OdooDatabase) {
  const partners = database.partners.visible();
  return {
    database: database.name,
    now: new Date(database.clock.now()).toISOString(),
    partners: partners.filter(({ active }) => active).length,
    archived: partners.filter(({ active }) => !active).length,
    deliveries: database.webhooks.attempts.slice(-20),
  };
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(':id', '(?<id>\\d+)')}$`);
}
