import { once } from 'node:events';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { uuidv4 } from '#platform';
import { PEOPLE_MAP, people } from '../e2e/support/import-files.js';
import { eventually, freshAdminKey, freshSecretKey, ServiceProcess } from '../e2e/support/service-process.js';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';

jest.setTimeout(180_000); // Minutes where the machine is busy, seconds otherwise.

/** A drain that takes this long has waited for a client; the process gives up at 25 seconds, with exit code 1. */
const DRAINED_WITHIN_MS = 12_000;

let database: TestDatabase;
let client: pg.Pool;
let service: ServiceProcess;
const secrets = { ROLLCALL_SECRET_KEY: freshSecretKey(), ROLLCALL_ADMIN_KEY: freshAdminKey() };

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Pool({ connectionString: database.url, max: 3 });
});
afterEach(() => service?.kill());
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const start = (...args: string[]) =>
  ServiceProcess.start({ env: { ...secrets, DATABASE_URL: database.url }, args });

const rowOf = async (importId: string) =>
  (await client.query('select status, error, rows_read from imports where id = $1', [importId])).rows[0];

async function stop(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }> {
  const since = performance.now();
  service.signal(signal);
  return { code: await service.exited(), ms: performance.now() - since };
}

async function expectDrained(signal: NodeJS.Signals): Promise<void> {
  const { code, ms } = await stop(signal);
  expect({ code, tail: code === 0 ? '' : service.log.slice(-2_000) }).toEqual({ code: 0, tail: '' });
  expect(ms).toBeLessThan(DRAINED_WITHIN_MS);
}

describe('a client that is in the middle of something', () => {
  const head = (method: string, target: string, ...headers: string[]) =>
    [`${method} ${target} HTTP/1.1`, 'host: x', `authorization: Bearer ${service.adminKey}`, ...headers].join(
      '\r\n',
    );
  const JSON_TYPE = 'content-type: application/json';
  const body = '{"identifier_key": "half", "name": "Half", "ident';
  const upload = (id: string) => {
    const query = new URLSearchParams({ mapping: PEOPLE_MAP, import_id: id });
    return head('POST', `/v1/imports?${query}`, 'content-type: text/csv', 'content-length: 90000000', '', '');
  };

  const halves: readonly Half[] = [
    { what: 'nothing', hears: [], speak: () => {} },
    { what: 'half its headers', hears: [], speak: (wire) => wire.say(head('GET', '/v1/identities/')) },
    {
      what: 'half its headers after a first request',
      hears: [200],
      speak: async (wire) => {
        wire.say(head('GET', '/health/live', '', ''));
        await wire.heard('"ok"');
        wire.say(head('GET', '/v1/identities/'));
      },
    },
    {
      what: 'a request, and keeps its connection for later',
      hears: [200],
      speak: async (wire) => {
        wire.say(head('GET', '/health/live', '', ''));
        await wire.heard('"ok"');
      },
    },
    {
      what: 'half a JSON body',
      hears: [503],
      speak: (wire) => wire.say(head('POST', '/v1/identities/', JSON_TYPE, 'content-length: 500', '', body)),
    },
    {
      what: 'a JSON body in drops',
      hears: [503],
      speak: (wire) => {
        wire.say(head('POST', '/v1/identities/', JSON_TYPE, 'content-length: 500000', '', body));
        wire.drip('x', 50);
      },
    },
    {
      what: 'half a JSON body, and is dead since',
      hears: [],
      speak: (wire) => {
        wire.say(head('PATCH', '/v1/identities/x', JSON_TYPE, 'content-length: 500', '', body));
        wire.playDead();
      },
    },
    {
      what: 'a body that nobody asked for',
      hears: [200],
      speak: (wire) => wire.say(head('GET', '/v1/identities/', 'content-length: 5', '', 'a')),
    },
    {
      what: 'half a chunk',
      hears: [503],
      speak: (wire) =>
        wire.say(head('PUT', '/v1/identities/', JSON_TYPE, 'transfer-encoding: chunked', '', 'ff\r\n{')),
    },
    {
      what: 'half a body of a webhook',
      hears: [503],
      speak: (wire) =>
        wire.say(
          head('POST', '/v1/webhooks/salesforce/x', 'content-type: text/xml', 'content-length: 50', '', '<'),
        ),
    },
    {
      what: 'the beginning of a file',
      hears: [503],
      speak: (wire) => wire.say(`${upload(uuidv4())}key,na`),
    },
  ];

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'does not hold up the drain on %s, whatever it sent',
    async (signal) => {
      service = await start('--only', 'api');
      const wires: Wire[] = [];
      for (const { speak } of halves) {
        const wire = await Wire.to(service.url);
        wires.push(wire);
        await speak(wire);
        await eventually(
          async () => wire.written,
          (written) => written,
        );
      }
      await expectDrained(signal);
      await Promise.all(wires.map(({ closed }) => closed));
      const heard = halves.map(({ what }, at) => ({ what, hears: wires[at]?.statuses }));
      expect(heard).toEqual(halves.map(({ what, hears }) => ({ what, hears })));
    },
  );

  it('hears that its file has to be sent again, also when it is silent or dead', async () => {
    service = await start();
    const goOn: ((wire: Wire) => void)[] = [
      (wire) => wire.drip('key-x,X,1\n', 20),
      () => {},
      (wire) => wire.playDead(),
    ];
    const sent = await Promise.all(
      goOn.map(async (go) => {
        const wire = await Wire.to(service.url);
        const id = uuidv4();
        wire.say(upload(id) + people(0, 20_000));
        await eventually(
          () => rowOf(id),
          (row) => Number(row?.rows_read ?? 0) > 0,
        );
        go(wire);
        return { id, wire };
      }),
    );
    await expectDrained('SIGTERM');
    for (const { id, wire } of sent) {
      const row = await rowOf(id);
      expect(row.status).toBe('failed');
      expect(row.error).toMatch(/being stopped.*send it again$/);
      await wire.closed;
    }
    expect(sent.map(({ wire }) => wire.statuses)).toEqual([[503], [503], []]);
    expect(sent[1]?.wire.text).toMatch(/retry-after: \d/);
  });

  it('is refused when its file begins while the service drains', async () => {
    service = await start();
    const wire = await Wire.to(service.url);
    const id = uuidv4();
    const [first = '', ...rest] = upload(id).split('\r\n');
    wire.say(`${first}\r\n`);
    await eventually(
      async () => wire.written,
      (written) => written,
    );
    service.signal('SIGTERM');
    await eventually(
      async () => service.log,
      (log) => log.includes('draining'),
    );
    wire.say(rest.join('\r\n') + people(0, 2_000));
    expect(await service.exited()).toBe(0);
    expect(await rowOf(id)).toBeUndefined();
    expect(wire.statuses.filter((status) => status !== 503)).toEqual([]);
  });

  it('sees the end of the progress that it watches', async () => {
    service = await start('--only', 'api');
    const id = uuidv4();
    const sender = await Wire.to(service.url);
    sender.say(upload(id) + people(0, 20_000));
    await eventually(
      () => rowOf(id),
      (row) => row !== undefined,
    );
    const watcher = await Wire.to(service.url);
    watcher.say(head('GET', `/v1/imports/${id}/progress`, '', ''));
    await watcher.heard('event: progress');
    await expectDrained('SIGTERM');
    await watcher.closed;
    expect(watcher.text).not.toContain('event: finished');
  });
});

/** T23 of docs/event-store.md. */
describe('a shutdown under load', () => {
  it('answers what is under way, loses nothing that it acknowledged, and exits 0', async () => {
    service = await start('--only', 'api');
    const { url, adminKey } = service;
    const acknowledged: string[] = [];
    const refused = new Set<number>();
    let stopping = false;
    const write = async (writer: number) => {
      for (let n = 0; ; n++) {
        const key = `load-${writer}-${n}`;
        const response = await fetch(`${url}/v1/identities/`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${adminKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify({ identifier_key: key, name: key, identity_type: 'user' }),
        }).catch(() => null);
        if (response?.status === 200) acknowledged.push(((await response.json()) as { id: string }).id);
        else if (response) refused.add(response.status);
        else if (stopping) return;
      }
    };
    const writers = Array.from({ length: 8 }, (_, writer) => write(writer));
    await eventually(
      async () => acknowledged.length,
      (count) => count > 100,
    );
    stopping = true;
    await expectDrained('SIGTERM');
    await Promise.all(writers);
    expect([...refused].filter((status) => status !== 503)).toEqual([]);
    const { rows } = await client.query('select count(*)::int as kept from identities where id = any($1)', [
      acknowledged.map((id) => id.replace('identity-', '')),
    ]);
    expect(rows[0].kept).toBe(acknowledged.length);
  });

  it.each([
    ['of one process', []],
    ['of a worker on its own', ['--only', 'worker']],
  ])('leaves no job that stalls: import chunks %s', async (_whose, args) => {
    const api = await start('--only', 'api');
    service = await start(...args);
    try {
      const id = uuidv4();
      const query = new URLSearchParams({ mapping: PEOPLE_MAP, import_id: id });
      const sent = await fetch(`${api.url}/v1/imports?${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secrets.ROLLCALL_ADMIN_KEY}`, 'content-type': 'text/csv' },
        body: people((1 + args.length) * 1_000_000, 10_000),
      });
      expect(sent.status).toBe(200);
      await eventually(
        async () =>
          (await client.query('select chunks_done::int as done from imports where id = $1', [id])).rows[0]
            .done,
        (done) => done > 0,
      );
      await expectDrained('SIGTERM');
      service = await start(...args);
      const { rows } = await eventually(
        () => client.query('select * from imports where id = $1', [id]),
        (found) => found.rows[0].finished_at !== null,
        60_000,
      );
      expect(rows[0]).toMatchObject({ status: 'completed' });
      expect([rows[0].rows_created, rows[0].rows_rejected].map(Number)).toEqual([10_000, 0]);
      const letters = await client.query('select code from dead_letters');
      expect(letters.rows).toEqual([]);
    } finally {
      await api.kill();
    }
  });

  it('that was none, but a kill while a file came in, does not leave the import receiving for ever', async () => {
    service = await start();
    const id = uuidv4();
    const wire = await Wire.to(service.url);
    const query = new URLSearchParams({ mapping: PEOPLE_MAP, import_id: id });
    wire.say(
      `POST /v1/imports?${query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${service.adminKey}\r\n` +
        `content-type: text/csv\r\ncontent-length: 90000000\r\n\r\n${people(0, 20_000)}`,
    );
    await eventually(
      () => rowOf(id),
      (row) => Number(row?.rows_read ?? 0) > 0,
    );
    await service.kill();
    expect(await rowOf(id)).toMatchObject({ status: 'receiving' });
    service = await start();
    await eventually(
      async () => {
        // In place of waiting for two minutes.
        await client.query(
          `update imports set updated_at = now() - interval '3 minutes' where id = $1 and status = 'receiving'
             and chunks_done = chunks_stored`,
          [id],
        );
        return rowOf(id);
      },
      (row) => row.status === 'failed',
      60_000,
    );
    expect((await rowOf(id)).error).toMatch(/send it again/);
  });
});

interface Half {
  readonly what: string;
  /** The answers that it gets, if any. */
  readonly hears: readonly number[];
  readonly speak: (wire: Wire) => void | Promise<void>;
}

/** A connection on which one says what one wants. */
class Wire {
  text = '';
  written = true;
  readonly closed: Promise<void>;
  private dripping: NodeJS.Timeout | undefined;
  private end = () => {};

  private constructor(private readonly socket: net.Socket) {
    socket.setEncoding('utf8').on('data', (text) => {
      this.text += text;
    });
    socket.on('error', () => {}); // A reset is an end like another.
    this.closed = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    socket.once('close', () => {
      clearInterval(this.dripping);
      this.end();
    });
  }

  static async to(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  say(text: string): void {
    this.written = false;
    this.socket.write(text, () => {
      this.written = true;
    });
  }

  drip(text: string, everyMs: number): void {
    this.dripping = setInterval(() => this.socket.write(text), everyMs);
  }

  /** Neither reads nor writes nor ends, as a machine that lost its power: it hears of no end either. */
  playDead(): void {
    this.socket.removeAllListeners('data').pause();
    this.end();
  }

  async heard(words: string): Promise<void> {
    await eventually(
      async () => this.text,
      (text) => text.includes(words),
    );
  }
}
