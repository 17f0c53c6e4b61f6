import { z } from 'zod';
import type { FakeClock } from './fake-clock.js';
import type { FakeHandler } from './fake-server.js';
import { type FaultQueue, faultSchema } from './faults.js';
import type { RecordTable } from './record-table.js';

export interface AdminSubject {
  readonly clock: FakeClock;
  readonly faults: FaultQueue;
  readonly tables: Readonly<Record<string, RecordTable>>;
  advance(ms: number): Promise<void>;
  subscribe(body: unknown): unknown;
  deliver(): Promise<void>;
  state(): unknown;
}

/** The other port: what a person clicks at the vendor, and what only a fake can do. `GET /` lists the routes. */
export function fakeAdmin(subject: AdminSubject): FakeHandler {
  return async ({ method, path, body }) => {
    const json: unknown = body.length > 0 ? JSON.parse(body.toString('utf8')) : {};
    for (const [route, run] of Object.entries(ROUTES)) {
      const [verb, pattern = ''] = route.split(' ');
      const match =
        verb === method && new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[\\w-]+)')}$`).exec(path);
      if (match) return { status: 200, json: (await run(subject, json, match.groups ?? {})) ?? null };
    }
    return { status: 404, json: { routes: Object.keys(ROUTES) } };
  };
}

type Run = (subject: AdminSubject, body: unknown, params: Readonly<Record<string, string>>) => unknown;

const fields = z.object({ fields: z.record(z.string(), z.union([z.string(), z.number(), z.null()])) });

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /': () => ({ routes: Object.keys(ROUTES) }),
  'GET /state': (subject) => subject.state(),
  'POST /clock/advance': (subject, body) => subject.advance(z.object({ ms: z.number() }).parse(body).ms),
  'POST /faults': (subject, body) => subject.faults.add(faultSchema.parse(body)),
  'DELETE /faults': (subject) => subject.faults.clear(),
  'POST /webhooks': (subject, body) => subject.subscribe(body),
  'POST /webhooks/deliver': (subject) => subject.deliver(),
  'POST /:table': (subject, body, { table }) => tableOf(subject, table).create(fields.parse(body).fields),
  'POST /:table/merge': (subject, body, { table }) => {
    const { winner, loser } = z.object({ winner: z.string(), loser: z.string() }).parse(body);
    return tableOf(subject, table).merge(winner, loser);
  },
  'PATCH /:table/:id': (subject, body, { table, id = '' }) =>
    tableOf(subject, table).update(id, fields.parse(body).fields),
  'DELETE /:table/:id': (subject, _body, { table, id = '' }) => tableOf(subject, table).delete(id),
  'POST /:table/:id/restore': (subject, _body, { table, id = '' }) => tableOf(subject, table).restore(id),
};

function tableOf({ tables }: AdminSubject, name = ''): RecordTable {
  const table = tables[name];
  if (!table) throw new Error(`There are ${Object.keys(tables).join(' and ')}, not ${name}`);
  return table;
}
