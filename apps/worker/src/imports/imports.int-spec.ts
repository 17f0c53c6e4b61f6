import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { isConflict, PostgresEventStore } from '#event-sourcing';
import { IdentityRepository, identityProjection, UpsertIdentities, UpsertIdentitiesHandler } from '#identity';
import {
  chunkJobId,
  IMPORTS_QUEUE,
  type ImportMappingInput,
  type ImportRequest,
  Imports,
  type ImportView,
  importChunkJob,
  importMappingSchema,
} from '#imports';
import {
  createLogger,
  createPool,
  createPrisma,
  newSecretKey,
  type Pool,
  type PrismaClient,
  SecretBox,
} from '#platform';
import { PostgresDeadLetterStore, postgresBackend, type QueueBackend, Queues, redisBackend } from '#queue';
import {
  describeEachQueueBackend,
  type QueueBackend as TestBackend,
} from '../../../../test/support/databases.js';
import { createWorker, type RunningWorker } from '../create-worker.js';

jest.setTimeout(60_000);

describeEachQueueBackend('imports', (services) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(services);
  });
  afterAll(() => world.close());
  beforeEach(() => world.empty());

  describe('of the S&P 500', () => {
    const import500 = async (text?: string) =>
      finished(await world.take(text === undefined ? createReadStream(SP500) : bytes(text), sp500Mapping));

    it('makes each company an organisation with typed properties', async () => {
      expect((await import500()).rows).toEqual(counts({ read: 503, created: 503 }));
      expect(await world.identity('MMM')).toMatchObject({
        name: '3M',
        identity_type: 'org',
        properties: [
          { key: 'sector', type: 'string', value: 'Industrials' },
          { key: 'cik', type: 'number', value: 66740 },
          { key: 'founded', type: 'string', value: '1902' },
        ],
      });
    });

    it('says nothing when the file says nothing new', async () => {
      await import500();
      expect((await import500()).rows).toEqual(counts({ read: 503, unchanged: 503 }));
      expect(await world.eventTypes()).toEqual({ IdentityCreated: 503 });
    });

    it('makes one event of one changed row', async () => {
      await import500();
      const text = (await readFile(SP500, 'utf8')).replace('MMM,3M,Industrials', 'MMM,3M,Conglomerates');
      expect((await import500(text)).rows).toEqual(counts({ read: 503, updated: 1, unchanged: 502 }));
      expect(await world.eventTypes()).toEqual({ IdentityCreated: 503, IdentityModified: 1 });
    });
  });

  it('keeps properties that the mapping does not name', async () => {
    await finished(await world.take(csv([['a', 'Ada', 1]])));
    await finished(await world.take(csv([['a', 'Ada L.', 2]]), { ...mapping, properties: { other: 'n' } }));
    expect(await world.identity('a')).toMatchObject({
      name: 'Ada L.',
      properties: [
        { key: 'n', value: '1' },
        { key: 'other', value: '2' },
      ],
    });
  });

  it('applies the first rows while the rest still arrives', async () => {
    const seen: number[] = [];
    async function* slow() {
      yield* csv(numbered(8_000));
      await world.until(async () => (await world.identities()) >= 1_000);
      seen.push(await world.identities());
      yield* bytes(rowsOf(numbered(2_000, 8_000)));
    }
    expect((await finished(await world.take(slow()))).rows).toEqual(
      counts({ read: 10_000, created: 10_000 }),
    );
    expect(seen[0]).toBeGreaterThanOrEqual(1_000);
  });

  it('lets the last row of a key win, however far apart its rows are', async () => {
    const rows = [['a', 'first', 1], ...numbered(2_200), ['a', 'last', 2]];
    const { rows: made } = await finished(await world.take(csv(rows)));
    expect(made).toEqual(counts({ read: 2_202, created: 2_201, updated: 1 }));
    expect(await world.identity('a')).toMatchObject({ name: 'last', version: 2 });
  });

  it('refuses a mapping that does not fit before it takes a row', async () => {
    await expect(world.take(csv(numbered(1)), { ...mapping, name: 'Nmae' })).rejects.toMatchObject({
      code: 'INVALID_IMPORT_MAPPING',
    });
    expect(await world.prisma.import.count()).toBe(0);
  });

  it('completes at once when there is nothing to take', async () => {
    const nothing = await world.take(bytes(''), mapping, { format: { kind: 'ndjson' } });
    expect(nothing).toMatchObject({ status: 'completed', rows: counts({}) });
  });

  it('fails, and says so, when the upload breaks off; what it applied stays and is counted', async () => {
    async function* broken() {
      yield* csv(numbered(8_000));
      await world.until(async () => (await world.identities()) > 0);
      throw new Error('aborted');
    }
    await expect(world.take(broken(), mapping, { id: ID })).rejects.toMatchObject({ code: 'UPLOAD_BROKEN' });
    await world.quiet();
    const failed = await world.get(ID);
    expect(failed).toMatchObject({ status: 'failed', error: expect.stringContaining('broke off') });
    expect(failed.rows.created).toBe(await world.identities());
    expect(await world.prisma.importChunk.count()).toBe(0);
  });

  it('keeps rejected rows as they came, gives them as CSV and takes them again with a better mapping', async () => {
    const rows = [['a', 'Ada', '1'], ['b', '', '2'], ['c', 'Cy\0', 'x'], ['d']];
    const first = await finished(await world.take(csv(rows), withNumber));
    expect(first.rows).toEqual(counts({ read: 4, created: 1, rejected: 3 }));
    expect(await text(await world.imports.rejectedCsv(first.id, admin))).toBe(
      'key,name,n,_line,_field,_code,_reason\n' +
        'b,,2,3,name,MISSING,is empty\n' +
        'c,Cy\0,x,4,name; properties.n,NOT_ALLOWED; WRONG_TYPE,contains NUL or half of a character pair; has to be a number such as 1234.5\n' +
        'd,,,5,,COLUMN_COUNT,The row has 1 cells where the header has 3\n',
    );
    const again = await world.imports.retryRejected(first.id, {
      mapping: importMappingSchema.parse({ ...withNumber, name: 'key', properties: { n: 'n' } }),
      access: 'all',
      createdBy: admin.actor,
    });
    expect((await finished(again)).rows).toEqual(counts({ read: 3, created: 2, rejected: 1 }));
    expect(await world.get(again.id)).toMatchObject({ retryOf: first.id });
    expect((await world.get(first.id)).rows).toEqual(first.rows);
  });

  it('tells in a dry run what a real run does, and does nothing', async () => {
    await finished(await world.take(csv(numbered(100))));
    const rows = [
      ...numbered(50),
      ...numbered(30, 80),
      ['key-3', 'changed', 3],
      ['key-3', 'again', 3],
      ['', '', 1],
    ];
    const dry = await finished(await world.take(csv(rows), mapping, { dryRun: true }));
    expect(await world.eventTypes()).toEqual({ IdentityCreated: 100 });
    const real = await finished(await world.take(csv(rows)));
    expect(real.rows).toEqual(counts({ read: 83, created: 10, updated: 2, unchanged: 70, rejected: 1 }));
    expect(dry.rows).toEqual(real.rows);
  });

  it('stops when cancelled, while it still receives', async () => {
    async function* cancelledMidway() {
      yield* csv(numbered(8_000));
      await world.until(async () => (await world.identities()) > 0);
      await world.imports.cancel(ID, admin);
      yield* bytes(rowsOf(numbered(5_000, 8_000)));
    }
    const view = await world.take(cancelledMidway(), mapping, { id: ID });
    expect(view.status).toBe('cancelled');
    await world.quiet();
    expect((await world.get(ID)).rows.created).toBe(await world.identities());
    await expect(world.imports.cancel(ID, admin)).resolves.toMatchObject({ status: 'cancelled' });
  });

  it('cannot cancel what is over', async () => {
    const { id } = await finished(await world.take(csv(numbered(1))));
    await expect(world.imports.cancel(id, admin)).rejects.toMatchObject({ code: 'IMPORT_STATE' });
  });

  it('writes only to the projects of the key that started it', async () => {
    const rows = [
      ['a', 'Ada', 'mine'],
      ['b', 'Bob', 'theirs'],
      ['c', 'Cy', ''],
    ];
    const limited = { access: ['mine'], projectId: 'mine', createdBy: 'key:limited' };
    const view = await finished(
      await world.take(csv(rows), { ...mapping, project_id: 'n', properties: {} }, limited),
    );
    expect(view.rows).toEqual(counts({ read: 3, created: 2, rejected: 1 }));
    expect(await text(await world.imports.rejectedCsv(view.id, admin))).toContain(
      'b,Bob,theirs,3,project_id,PROJECT_FORBIDDEN,',
    );
    await expect(world.take(csv(rows), mapping, { ...limited, projectId: 'theirs' })).rejects.toMatchObject({
      code: 'PROJECT_FORBIDDEN',
    });
  });

  it('shows a limited key the imports it started, and only those', async () => {
    const { id } = await finished(await world.take(csv(numbered(1))));
    const other = { actor: 'key:limited', access: ['p'] };
    await expect(world.imports.get(id, other)).rejects.toMatchObject({ code: 'IMPORT_NOT_FOUND' });
    expect(await world.imports.list({ limit: 10 }, other)).toEqual([]);
  });

  it('lists the newest first, page by page', async () => {
    for (let count = 0; count < 3; count++) await finished(await world.take(csv(numbered(1))));
    const all = await world.imports.list({ limit: 10 }, admin);
    const [first] = await world.imports.list({ limit: 1 }, admin);
    const rest = await world.imports.list({ limit: 10, after: first?.id }, admin);
    expect([first, ...rest]).toEqual(all);
    expect(all.map(({ createdAt }) => createdAt.getTime())).toEqual(
      all.map(({ createdAt }) => createdAt.getTime()).sort((a, b) => b - a),
    );
  });

  it('refuses an id that is taken', async () => {
    await finished(await world.take(csv(numbered(1)), mapping, { id: ID }));
    await expect(world.take(csv(numbered(1)), mapping, { id: ID })).rejects.toMatchObject({
      code: 'IMPORT_EXISTS',
    });
  });

  it('gives up on a mapping that runs into its limits again and again', async () => {
    const endless = {
      ...mapping,
      properties: { x: { jsonata: '($f := function($n) { 1 + $f($n) }; $f(1))' } },
    };
    const view = await finished(await world.take(csv(numbered(200)), endless));
    expect(view).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('expression'),
      rows: { created: 0 },
    });
  });

  it('does a chunk once, however often its job comes', async () => {
    const view = await world.take(csv(numbered(2_500)));
    await Promise.all(
      [0, 1, 2, 0, 1, 2].map((number) => world.queues.add(importChunkJob, { import_id: view.id, number })),
    );
    expect((await finished(view)).rows).toEqual(counts({ read: 2_500, created: 2_500 }));
    await world.quiet();
    expect(await world.eventTypes()).toEqual({ IdentityCreated: 2_500 });
  });

  it('loses nothing when the queue loses everything', async () => {
    const view = await world.take(csv(numbered(20_000)));
    await world.until(async () => (await world.identities()) > 0);
    await world.loseQueue();
    expect((await finished(view)).rows).toEqual(counts({ read: 20_000, created: 20_000 }));
    expect(await world.eventTypes()).toEqual({ IdentityCreated: 20_000 });
  });

  it('lets several imports of the same keys run side by side', async () => {
    const rows = numbered(3_000);
    const [one, other] = await Promise.all([world.take(csv(rows)), world.take(csv([...rows].reverse()))]);
    const made = [await finished(one), await finished(other)].map((view) => view.rows);
    expect(made.map(({ created }) => created).reduce((a, b) => a + b)).toBe(3_000);
    expect(made.map(({ unchanged }) => unchanged).reduce((a, b) => a + b)).toBe(3_000);
    expect(await world.eventTypes()).toEqual({ IdentityCreated: 3_000 });
  });

  it('gets on while others change the same identities', async () => {
    await finished(await world.take(csv(numbered(3_000))));
    const changed = numbered(3_000).map(([key, name, n]) => [key, name, Number(n) + 1] as Row);
    const view = await world.take(csv(changed));
    let others = 0;
    while ((await world.get(view.id)).finishedAt === null) others += await world.changeOthersProperty(3_000);
    expect(others).toBeGreaterThan(0);
    expect(await world.get(view.id)).toMatchObject({
      status: 'completed',
      rows: counts({ read: 3_000, updated: 3_000 }),
    });
    expect(await world.eventTypes()).toEqual({ IdentityCreated: 3_000, IdentityModified: 3_000 + others });
  });

  it('fails an upload whose server went silent', async () => {
    await world.pool.query(
      `insert into imports (id, file_name, format, mapping, status, columns, created_by, updated_at)
       values ($1, '', '{"kind":"ndjson"}', '{}', 'receiving', '{}', 'key:x', now() - interval '10 minutes')`,
      [ID],
    );
    await world.until(async () => (await world.get(ID)).status === 'failed');
    expect((await world.get(ID)).error).toContain('send it again');
  });

  it('fails an import whose chunk became a dead letter', async () => {
    await world.pool.query(
      `insert into imports (id, file_name, format, mapping, status, columns, created_by, chunks_stored)
       values ($1, '', '{"kind":"ndjson"}', '{}', 'running', '{}', 'key:x', 1)`,
      [ID],
    );
    await world.deadLetters.record({
      queue: IMPORTS_QUEUE,
      jobName: importChunkJob.name,
      jobId: chunkJobId(ID, 0),
      jobKey: 'key',
      code: 'JOB_FAILED',
      reason: 'Error',
      attempts: 4,
      payload: { data: {}, priority: 0 },
    });
    await world.until(async () => (await world.get(ID)).status === 'failed');
    expect((await world.get(ID)).error).toContain('JOB_FAILED (Error)');
  });

  async function finished({ id }: ImportView): Promise<ImportView> {
    await world.until(async () => (await world.get(id)).finishedAt !== null);
    return world.get(id);
  }
});

const PATIENCE_MS = 20_000;
const SP500 = 'test/fixtures/sp500.csv';
const ID = '0198c0de-0000-7000-8000-000000000001';
const admin = { actor: 'key:admin', access: 'all' } as const;

const mapping: ImportMappingInput = {
  identifier_key: 'key',
  name: 'name',
  identity_type: '=user',
  properties: { n: 'n' },
};
const withNumber: ImportMappingInput = { ...mapping, properties: { n: { column: 'n', type: 'number' } } };
const sp500Mapping: ImportMappingInput = {
  identifier_key: 'Symbol',
  name: 'Security',
  identity_type: '=org',
  properties: {
    sector: 'GICS Sector',
    cik: { column: 'CIK', type: 'number' },
    founded: { column: 'Founded', type: 'string' },
  },
};

type Row = readonly (string | number)[];

const numbered = (count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_, index) => [`key-${from + index}`, `Name ${from + index}`, from + index]);

const rowsOf = (rows: readonly Row[]) => rows.map((row) => `${row.join(',')}\n`).join('');
const csv = (rows: readonly Row[]) => bytes(`key,name,n\n${rowsOf(rows)}`);

async function* bytes(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

const counts = (some: Partial<ImportView['rows']>): ImportView['rows'] => ({
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  ...some,
});

async function text(pieces: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const piece of pieces) all += piece;
  return all;
}

async function createWorld(services: TestBackend) {
  const pool = createPool({ url: services.databaseUrl });
  const prisma = createPrisma({ url: services.databaseUrl });
  const backend = backendOf(services);
  await backend.prepare();
  const queues = new Queues(backend);
  const deadLetters = new PostgresDeadLetterStore(pool, new SecretBox(newSecretKey()));
  const imports = new Imports({ pool, prisma, queues, log: createLogger('imports') });
  const worker = await createWorker({ pool, backend, queues, deadLetterStore: deadLetters });
  return new World(services, { pool, prisma, backend, queues, deadLetters, imports, worker });
}

interface WorldParts {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly backend: QueueBackend;
  readonly queues: Queues;
  readonly deadLetters: PostgresDeadLetterStore;
  readonly imports: Imports;
  readonly worker: RunningWorker;
}

class World {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly queues: Queues;
  readonly imports: Imports;
  readonly deadLetters: PostgresDeadLetterStore;
  private readonly others: UpsertIdentitiesHandler;
  private change = 0;

  constructor(
    private readonly services: TestBackend,
    private readonly parts: WorldParts,
  ) {
    this.pool = parts.pool;
    this.prisma = parts.prisma;
    this.queues = parts.queues;
    this.imports = parts.imports;
    this.deadLetters = parts.deadLetters;
    this.others = new UpsertIdentitiesHandler(
      new IdentityRepository(new PostgresEventStore(parts.pool, [identityProjection])),
    );
  }

  take(
    source: AsyncIterable<Uint8Array>,
    by = mapping,
    options: Partial<ImportRequest> = {},
  ): Promise<ImportView> {
    return this.imports.receive(source, {
      fileName: '',
      mapping: importMappingSchema.parse(by),
      format: {},
      dryRun: false,
      projectId: null,
      access: 'all',
      createdBy: admin.actor,
      ...options,
    });
  }

  get(id: string): Promise<ImportView> {
    return this.imports.get(id, admin);
  }

  identities(): Promise<number> {
    return this.prisma.identity.count();
  }

  async identity(key: string): Promise<Record<string, unknown> | undefined> {
    const { rows } = await this.pool.query('select * from identities where identifier_key = $1', [key]);
    return rows[0];
  }

  async eventTypes(): Promise<Record<string, number>> {
    const { rows } = await this.pool.query('select type, count(*) from es.events group by type');
    return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
  }

  /** Sets a property that no import knows on one of the first identities. @returns how many events that made */
  async changeOthersProperty(among: number): Promise<number> {
    const index = Math.floor(Math.random() * among);
    const [outcome] = await this.others
      .execute(
        new UpsertIdentities(
          [
            {
              projectId: null,
              identifierKey: `key-${index}`,
              name: `Name ${index}`,
              identityType: 'user',
              properties: [{ key: 'other', type: 'number', value: this.change++ }],
            },
          ],
          { access: 'all', metadata: { actor: 'test', source: 'rest', correlationId: 'test' } },
          { mode: 'merge' },
        ),
      )
      .catch((error: unknown) => {
        if (isConflict(error)) return [];
        throw error;
      });
    return outcome?.outcome === 'updated' ? 1 : 0;
  }

  async until(so: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; !(await so()); await sleep(10)) {
      if (Date.now() > end) throw new Error('What was waited for did not come about');
    }
  }

  /** Nothing is being applied, and nothing waits to be. */
  async quiet(): Promise<void> {
    await this.until(async () => {
      const { waiting, delayed, active } = await this.queues.counts(IMPORTS_QUEUE);
      return waiting + delayed + active === 0;
    });
  }

  async empty(): Promise<void> {
    await this.quiet();
    // In the order in which an import writes, since housekeeping goes on.
    await this.pool.query(
      `set session_replication_role = replica; truncate import_chunks; truncate es.events, es.streams, identities,
      identity_properties, import_rejections; truncate imports; truncate dead_letters;
      set session_replication_role = origin`,
    );
  }

  async loseQueue(): Promise<void> {
    if (this.services.redisUrl === undefined) {
      await this.pool.query('truncate bullmq.job, bullmq.meta, bullmq.dedup, bullmq.event cascade');
      return;
    }
    const redis = new Redis(this.services.redisUrl);
    for await (const keys of redis.scanStream({ match: `${this.services.prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(keys);
    }
    await redis.quit();
  }

  async close(): Promise<void> {
    const { worker, queues, backend, prisma, pool } = this.parts;
    await worker.close();
    await queues.close();
    await backend.close();
    await prisma.$disconnect();
    await pool.end();
  }
}

const backendOf = ({ kind, redisUrl, databaseUrl, prefix }: TestBackend): QueueBackend =>
  kind === 'redis' ? redisBackend(redisUrl ?? '', { prefix }) : postgresBackend(databaseUrl);
