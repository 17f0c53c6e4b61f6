import { afterEach, describe, expect, it } from '@jest/globals';
import { type FakeServer, startFakeServer } from '../../testing/fake-server.js';
import { OUTBOUND_ACKNOWLEDGEMENT } from '../salesforce.outbound-message.js';
import { type SalesforceFake, type SalesforceFakeOptions, startSalesforceFake } from './salesforce-fake.js';

const START = new Date('2026-09-01T10:00:00.250Z');
const HOUR_MS = 60 * 60_000;

describe('Salesforce fake', () => {
  const open: (FakeServer | SalesforceFake)[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  const start = async (options: SalesforceFakeOptions = {}) => {
    const fake = await startSalesforceFake({ startAt: START, ...options });
    open.push(fake);
    return fake;
  };
  const receive = async (answer: () => string) => {
    const bodies: string[] = [];
    const receiver = await startFakeServer(async ({ body }, response) => {
      bodies.push(body.toString('utf8'));
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(answer());
      return null;
    });
    open.push(receiver);
    return { url: receiver.url, bodies };
  };

  describe('queries', () => {
    it('compare text without case, ids with it, and dates by the second', async () => {
      const { contacts } = (await start()).org;
      const fake = open[0] as SalesforceFake;
      const ids = Array.from({ length: 40 }, (_, n) => contacts.create({ LastName: `Name ${n}` }).id);
      const lower = ids.find((id) => id.slice(0, 15).endsWith('a')) ?? '';
      expect(await query(fake, "SELECT Id FROM Contact WHERE LastName = 'NAME 7'")).toHaveLength(1);
      expect(await query(fake, `SELECT Id FROM Contact WHERE Id = '${lower.slice(0, 15)}'`)).toMatchObject([
        { Id: lower },
      ]);
      const at = (time: string) =>
        `SELECT SystemModstamp FROM Contact WHERE SystemModstamp = ${time} LIMIT 1`;
      expect(await query(fake, at('2026-09-01T10:00:00Z'))).toMatchObject([
        { SystemModstamp: '2026-09-01T10:00:00.000+0000' },
      ]);
      expect(await query(fake, at('2026-09-01T10:00:00.250Z'))).toEqual([]);
    });

    it('understand NOT, IN, LIKE, null, and order by several fields', async () => {
      const fake = await start();
      for (const [LastName, Title] of [
        ['a', 'x'],
        ['b', null],
        ['a', 'y'],
        ["O'Neil", 'x'],
      ] as const)
        fake.org.contacts.create({ LastName, Title });
      const names = async (rest: string) =>
        (await query(fake, `SELECT LastName, Title FROM Contact ${rest}`)).map(
          (one) => `${one.LastName}/${one.Title}`,
        );
      expect(await names("WHERE (NOT LastName = 'a') AND Title != null")).toEqual(["O'Neil/x"]);
      expect(await names("WHERE LastName IN ('a', 'b') ORDER BY LastName, Title DESC")).toEqual([
        'a/y',
        'a/x',
        'b/null',
      ]);
      expect(await names("WHERE LastName = 'O\\'Neil' OR Title = null ORDER BY LastName")).toEqual([
        'b/null',
        "O'Neil/x",
      ]);
      expect(await names("WHERE LastName LIKE 'o%'")).toEqual(["O'Neil/x"]);
    });

    it('do not see what is not committed yet, and then with its old date', async () => {
      const fake = await start();
      const { id } = fake.org.contacts.create({ LastName: 'late' }, { visibleAfterMs: HOUR_MS });
      expect(await query(fake, 'SELECT Id FROM Contact')).toEqual([]);
      await fake.org.advance(HOUR_MS);
      expect(await query(fake, 'SELECT Id, SystemModstamp FROM Contact')).toMatchObject([
        { Id: id, SystemModstamp: '2026-09-01T10:00:00.000+0000' },
      ]);
    });

    it('refuse a URL that is too long with its headers, at the 16,384 bytes that Node and Salesforce share', async () => {
      const statement = `SELECT Id FROM Contact WHERE LastName = '${'x'.repeat(17_000)}'`;
      expect((await ask(await start(), statement)).status).toBe(431);
    });
  });

  describe('merges', () => {
    it('take up to three records, fill what the master lacks, and can be undone one by one', async () => {
      const { contacts } = (await start()).org;
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(
        (LastName) => contacts.create({ LastName, Phone: LastName === 'b' ? '1' : null }).id,
      );
      expect(() => contacts.merge(String(a), String(b), String(c), String(d))).toThrow('one or two records');
      contacts.merge(String(a), String(b), String(c));
      expect(contacts.find(String(a))?.values.Phone).toBe('1');
      expect(contacts.find(String(c))).toMatchObject({ deleted: true, masterRecordId: a });
      contacts.undelete(String(c));
      expect(contacts.find(String(c))).toMatchObject({ deleted: false, masterRecordId: null });
    });
  });

  describe('limits', () => {
    it('count the day, and end with it', async () => {
      const fake = await start({ limits: { daily: 1 } });
      const first = await ask(fake, 'SELECT Id FROM Contact');
      expect(first.headers.get('sforce-limit-info')).toBe('api-usage=1/1');
      const second = await ask(fake, 'SELECT Id FROM Contact');
      expect(second.status).toBe(403);
      expect(await second.json()).toEqual([
        { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' },
      ]);
      await fake.org.advance(14 * HOUR_MS);
      expect((await ask(fake, 'SELECT Id FROM Contact')).status).toBe(200);
    });
  });

  describe('Outbound Messages', () => {
    it('have at most a hundred notifications of one object, with the latest data', async () => {
      const fake = await start();
      const { url, bodies } = await receive(() => OUTBOUND_ACKNOWLEDGEMENT.body);
      fake.org.messages.send({ url });
      for (let n = 0; n < 150; n += 1) fake.org.contacts.create({ LastName: 'before' });
      fake.org.leads.create({ LastName: 'a lead' });
      for (const { id } of fake.org.contacts.visible()) fake.org.contacts.disguise(id, {});
      await fake.org.messages.deliver();
      expect(bodies.map((body) => body.match(/<Notification>/g)?.length)).toEqual([100, 50, 1]);
      expect(fake.org.messages.attempts.every(({ acknowledged }) => acknowledged)).toBe(true);
    });

    it('do not tell deletions', async () => {
      const fake = await start();
      const { url, bodies } = await receive(() => OUTBOUND_ACKNOWLEDGEMENT.body);
      const { id } = fake.org.contacts.create({ LastName: 'a' });
      fake.org.messages.send({ url });
      fake.org.contacts.remove(id);
      await fake.org.messages.deliver();
      expect(bodies).toEqual([]);
    });

    it('are repeated for a day, later and later, while 200 comes without an acknowledgement', async () => {
      const fake = await start();
      const { url, bodies } = await receive(() => 'fine');
      fake.org.messages.send({ url });
      fake.org.contacts.create({ LastName: 'a' });
      await fake.org.messages.deliver();
      for (let minutes = 0; minutes < 40 * 60; minutes += 10) await fake.org.advance(HOUR_MS / 6);
      expect(bodies.length).toBeGreaterThan(15);
      expect(bodies.length).toBeLessThan(25);
      expect(new Set(bodies.map((body) => /<Id>(04l\w+)<\/Id>/.exec(body)?.[1])).size).toBe(1);
    });

    it('come by themselves on the real clock, and again soon after a failure', async () => {
      const fake = await startSalesforceFake({ retrySpeed: 1_000_000 });
      open.push(fake);
      const answers = ['fine'];
      const accepted = new Promise<void>((resolve) => {
        const answer = () => {
          const unacknowledged = answers.shift();
          if (unacknowledged === undefined) resolve();
          return unacknowledged ?? OUTBOUND_ACKNOWLEDGEMENT.body;
        };
        void receive(answer).then(({ url }) => {
          fake.org.messages.send({ url, automatic: true });
          fake.org.contacts.create({ LastName: 'a' });
        });
      });
      await accepted;
      expect(fake.org.messages.attempts[0]).toMatchObject({ attempt: 0, acknowledged: false });
    });
  });

  describe('admin port', () => {
    it('plays people: creates, changes, deletes, restores, merges, converts, purges', async () => {
      const fake = await start();
      const a = await admin(fake, 'POST', '/Contact', { fields: { LastName: 'a' } });
      const b = await admin(fake, 'POST', '/Contact', { fields: { LastName: 'b' } });
      const lead = await admin(fake, 'POST', '/Lead', { fields: { LastName: 'l' } });
      await admin(fake, 'PATCH', `/Contact/${a.json.id}`, { fields: { Title: 'Captain' } });
      await admin(fake, 'DELETE', `/Contact/${a.json.id}`);
      await admin(fake, 'POST', `/Contact/${a.json.id}/undelete`);
      await admin(fake, 'POST', '/Contact/merge', { master: a.json.id, others: [b.json.id] });
      await admin(fake, 'POST', `/Lead/${lead.json.id}/convert`);
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ contacts: 2, leads: 1 });
      await admin(fake, 'POST', `/Contact/${a.json.id}/purge`);
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ contacts: 1 });
    });

    it('plays a bad day, moves the clock, and lists its routes', async () => {
      const fake = await start();
      await admin(fake, 'POST', '/faults', { kind: 'status', status: 503 });
      expect((await ask(fake, 'SELECT Id FROM Contact')).status).toBe(503);
      await admin(fake, 'POST', '/clock/advance', { ms: 1_000 });
      expect((await admin(fake, 'GET', '/state')).json).toMatchObject({ now: '2026-09-01T10:00:01.250Z' });
      const unknown = await admin(fake, 'GET', '/what');
      expect(unknown).toMatchObject({
        status: 404,
        json: { routes: expect.arrayContaining(['POST /faults']) },
      });
    });
  });
});

function ask(fake: SalesforceFake, q: string): Promise<Response> {
  const headers = { authorization: `Bearer ${fake.token}` };
  return fetch(`${fake.url}/services/data/v62.0/query?${new URLSearchParams({ q })}`, { headers });
}

async function query(fake: SalesforceFake, q: string): Promise<Record<string, unknown>[]> {
  const answer = (await (await ask(fake, q)).json()) as { records: Record<string, unknown>[] };
  return answer.records;
}

async function admin(fake: SalesforceFake, method: string, path: string, body?: unknown) {
  const response = await fetch(fake.adminUrl + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, json: { ...json } };
}
