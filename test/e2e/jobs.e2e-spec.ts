import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPostgresBackend, Queue, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describeEachQueueBackend, type QueueBackend } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  ServiceProcess,
  soonLost,
} from './support/service-process.js';

jest.setTimeout(120_000);

describeEachQueueBackend('jobs from other producers', (home) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(home);
  });
  afterAll(() => world.close());

  describe('each command', () => {
    it('identity.create', async () => {
      await world.add('identity.create', { ...ada, identifier_key: 'created', properties: [plan('pro')] });
      expect(await world.identity('created')).toMatchObject({
        name: 'Ada',
        identity_type: 'user',
        properties: [plan('pro')],
      });
    });

    it('identity.upsert: makes the identity of a key, then brings it up to date', async () => {
      await world.add('identity.upsert', { ...ada, identifier_key: 'upserted' });
      const { id } = await world.identity('upserted');
      await world.add('identity.upsert', { ...ada, identifier_key: 'upserted', name: 'Ada King' });
      expect(await world.identity('upserted', ({ name }) => name === 'Ada King')).toMatchObject({ id });
    });

    it('identity.modify', async () => {
      const { id } = await world.existing('modified');
      await world.add('identity.modify', {
        identity_id: id,
        changes: { name: 'Grace', properties: [plan('pro')] },
      });
      const modified = await world.identity('modified', ({ name }) => name === 'Grace');
      expect(modified.properties).toEqual([plan('pro')]);
    });

    it('identity.upsert-properties', async () => {
      const { id } = await world.existing('with-properties');
      await world.add('identity.upsert-properties', { identity_id: id, properties: [plan('free')] });
      await world.identity('with-properties', ({ properties }) => properties[0]?.value === 'free');
    });

    it('identity.delete', async () => {
      const { id } = await world.existing('deleted');
      await world.add('identity.delete', { identity_id: id });
      await eventually(
        () => world.service.send('GET', `/v1/identities/${id}`),
        ({ status }) => status === 404,
      );
    });

    it('identity.upsert-batch', async () => {
      const identities = keys('batch', 250).map((identifier_key) => ({ ...ada, identifier_key }));
      await world.add('identity.upsert-batch', { identities });
      await world.identity('batch-249');
      expect(await world.countCreated('batch-%')).toEqual({ identities: 250, events: 250 });
    });

    it('says in the history where it came from', async () => {
      await world.add('identity.upsert', { ...ada, identifier_key: 'traced', correlation_id: 'order-7' });
      const { id } = await world.identity('traced');
      const { body } = await world.service.send('GET', `/v1/identities/${id}/events`);
      expect(body).toMatchObject([
        {
          type: 'IdentityCreated',
          source: 'queue',
          actor: 'job:identity-commands',
          correlation_id: 'order-7',
        },
      ]);
    });
  });

  describe('a job that cannot be done', () => {
    it('is a dead letter at once when it does not parse, with a reason that quotes none of it', async () => {
      const id = await world.add('identity.create', { identifier_key: 'secret@example.com', name: 7 });
      const letter = await world.deadLetter(id);
      expect(letter).toMatchObject({
        queue: 'identity-commands',
        job: 'identity.create',
        code: 'JOB_INVALID',
        reason: expect.stringContaining('name: invalid_type, expected string'),
        attempts: 1,
        status: 'waiting',
      });
      expect(JSON.stringify(letter)).not.toContain('secret@example.com');
      expect(world.service.log).not.toContain('secret@example.com');
    });

    it('is a dead letter at once when nobody knows its name', async () => {
      const id = await world.add('identity.explode', {});
      expect(await world.deadLetter(id)).toMatchObject({ code: 'JOB_UNKNOWN', attempts: 1 });
    });

    it('is a dead letter at once when a rule forbids it, and the reason does not name the key', async () => {
      await world.existing('taken@example.com');
      const id = await world.add('identity.create', { ...ada, identifier_key: 'taken@example.com' });
      const letter = await world.deadLetter(id);
      expect(letter).toMatchObject({ code: 'IDENTIFIER_KEY_TAKEN', attempts: 1 });
      expect(JSON.stringify(letter)).not.toContain('taken@example.com');
      expect(world.service.log).not.toContain('taken@example.com');
    });

    it('is a dead letter at once when the identity is not there', async () => {
      const id = await world.add('identity.delete', {
        identity_id: 'identity-123e4567-e89b-42d3-8456-426614174000',
      });
      expect(await world.deadLetter(id)).toMatchObject({ code: 'IDENTITY_NOT_FOUND', attempts: 1 });
    });

    it('is tried again and again when something else fails, then waits; a retry has its effect', async () => {
      await world.breakDatabaseFor('unlucky');
      const id = await world.add('identity.create', { ...ada, identifier_key: 'unlucky' });
      await world.passBackoffsUntilDead(id);
      const letter = await world.deadLetter(id);
      expect(letter).toMatchObject({
        code: 'JOB_FAILED',
        reason: expect.stringContaining('P0001'),
        attempts: 8,
      });

      await world.mendDatabase();
      const retried = await world.service.send('POST', `/v1/dead-letters/${letter.id}/retry`);
      expect(retried).toMatchObject({ status: 200, body: { id: letter.id, status: 'retried' } });
      await world.identity('unlucky');
      expect(await world.countCreated('unlucky')).toEqual({ identities: 1, events: 1 });
    });

    it('succeeds after its backoff when the trouble has passed', async () => {
      await world.breakDatabaseFor('recovering');
      const id = await world.add('identity.create', { ...ada, identifier_key: 'recovering' });
      await world.waitsForBackoff(id);
      await world.mendDatabase();
      await world.identity('recovering');
      expect(await world.letterOf(id)).toBeUndefined();
    });
  });

  describe('a job that comes twice', () => {
    it('with one idempotency_key has one effect', async () => {
      const job = { ...ada, identifier_key: 'once', idempotency_key: 'order-1' };
      const ids = [await world.add('identity.create', job), await world.add('identity.create', job)];
      await world.identity('once');
      await world.idle();
      expect(await world.countCreated('once')).toEqual({ identities: 1, events: 1 });
      for (const id of ids) expect(await world.letterOf(id)).toBeUndefined();
    });

    it('with one idempotency_key for two different commands is refused', async () => {
      await world.add('identity.create', { ...ada, identifier_key: 'first', idempotency_key: 'order-2' });
      await world.identity('first');
      const id = await world.add('identity.create', {
        ...ada,
        identifier_key: 'second',
        idempotency_key: 'order-2',
      });
      expect(await world.deadLetter(id)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', attempts: 1 });
    });

    it('in many batches that race for the same keys ends with one identity each', async () => {
      const identities = keys('raced', 40).map((identifier_key) => ({ ...ada, identifier_key }));
      const jobs = Array.from({ length: 12 }, () => ({ identities }));
      const ids = await world.addMany('identity.upsert-batch', jobs);
      await world.idle();
      expect(await world.countCreated('raced-%')).toEqual({ identities: 40, events: 40 });
      for (const id of ids) expect(await world.letterOf(id)).toBeUndefined();
    });
  });

  it('single commands go before bulk ones that were there first', async () => {
    await world.service.stop();
    const bulk = keys('bulk', 40).map((key) => ({
      identities: keys(key, 25).map((identifier_key) => ({ ...ada, identifier_key })),
    }));
    await world.addMany('identity.upsert-batch', bulk, 10);
    await world.addMany('identity.upsert', [{ ...ada, identifier_key: 'vip' }], 1);
    await world.restart();
    await world.idle();
    const before = await world.query(
      `select count(*)::int as n from es.events where type = 'IdentityCreated'
          and data->>'identifierKey' like 'bulk-%' and global_position <
              (select global_position from es.events where data->>'identifierKey' = 'vip')`,
    );
    // The worker takes eight at once: what is started beside it may finish before it.
    expect(before.n).toBeLessThanOrEqual(8 * 25);
    expect(await world.countCreated('bulk-%')).toEqual({ identities: 1_000, events: 1_000 });
  });

  it('has one effect each when the worker is killed in the middle of them', async () => {
    const jobs = keys('survivor', 600).map((identifier_key) => ({ ...ada, identifier_key }));
    const ids = await world.addMany('identity.create', jobs);
    await eventually(
      () => world.countCreated('survivor-%'),
      ({ events }) => events > 20,
    );
    await world.service.kill();
    const { events } = await world.countCreated('survivor-%');
    expect(events).toBeLessThan(600);
    await world.restart();
    await world.idle(90_000);
    expect(await world.countCreated('survivor-%')).toEqual({ identities: 600, events: 600 });
    for (const id of ids) expect(await world.letterOf(id)).toBeUndefined();
  });

  it('nothing of a finished job stays on the queue', async () => {
    await world.idle();
    expect(await world.leftovers()).toEqual([]);
  });
});

const ada = { name: 'Ada', identity_type: 'user' };
const plan = (value: string) => ({ key: 'plan', type: 'string', value });
const keys = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}-${at}`);

interface AnIdentity {
  readonly id: string;
  readonly name: string;
  readonly properties: readonly { readonly value: unknown }[];
}

interface Letter {
  readonly id: string;
  readonly job_id: string;
}

/** A service on one queue backend, a producer that knows only BullMQ, and ways to look and to hurt. */
class World {
  private constructor(
    private readonly home: QueueBackend,
    private readonly env: Record<string, string>,
    private readonly queue: Producer,
    private readonly database: pg.Pool,
    public service: ServiceProcess,
  ) {}

  static async open(home: QueueBackend): Promise<World> {
    const env = {
      DATABASE_URL: home.databaseUrl,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ...soonLost,
      ...(home.redisUrl && {
        REDIS_URL: home.redisUrl,
        ROLLCALL_QUEUE_PREFIX: home.prefix.slice(1, -1),
      }),
    };
    const service = await ServiceProcess.start({ env });
    const database = new pg.Pool({ connectionString: home.databaseUrl, max: 2 });
    return new World(home, env, producer(home), database, service);
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.service.stop();
    await this.database.end();
  }

  async restart(): Promise<void> {
    this.service = await ServiceProcess.start({ env: this.env });
  }

  async add(name: string, data: unknown): Promise<string> {
    return (await this.queue.add(name, data)).id as string;
  }

  async addMany(name: string, items: readonly unknown[], priority?: number): Promise<string[]> {
    const opts = priority === undefined ? {} : { priority };
    const jobs = await this.queue.addBulk(items.map((data) => ({ name, data, opts })));
    return jobs.map(({ id }) => id as string);
  }

  /** Made by REST, so that a job has something to work on. */
  async existing(key: string): Promise<AnIdentity> {
    const body = { ...ada, identifier_key: key };
    return (await this.service.send('POST', '/v1/identities/', { body })).body;
  }

  /** The identity of a key, as soon as REST shows it so. */
  async identity(key: string, so: (identity: AnIdentity) => boolean = () => true): Promise<AnIdentity> {
    const [identity] = await eventually(
      async () =>
        (await this.service.send('GET', `/v1/identities/?identifier_key=${key}`)).body as AnIdentity[],
      ([found]) => found !== undefined && so(found),
    );
    return identity as AnIdentity;
  }

  async letterOf(jobId: string): Promise<Letter | undefined> {
    const { body } = await this.service.send('GET', '/v1/dead-letters?limit=1000');
    return (body as Letter[]).find((letter) => letter.job_id === jobId);
  }

  async deadLetter(jobId: string): Promise<Letter> {
    return (await eventually(
      () => this.letterOf(jobId),
      (letter) => letter !== undefined,
    )) as Letter;
  }

  async waitsForBackoff(jobId: string): Promise<void> {
    await eventually(
      async () => (await this.queue.getJob(jobId))?.isDelayed(),
      (delayed) => delayed === true,
    );
  }

  /** The rests add up to two minutes; a test does not wait for them. */
  async passBackoffsUntilDead(jobId: string): Promise<void> {
    await eventually(
      async () => {
        const job = await this.queue.getJob(jobId);
        if (job && (await job.isDelayed())) await job.promote();
        return this.letterOf(jobId);
      },
      (letter) => letter !== undefined,
    );
  }

  async idle(withinMs?: number): Promise<void> {
    await eventually(
      () => this.queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
      (counts) => Object.values(counts).every((count) => count === 0),
      withinMs,
    );
  }

  async countCreated(keyLike: string): Promise<{ identities: number; events: number }> {
    return this.query(
      `select (select count(*)::int from identities where identifier_key like $1) as identities,
              (select count(*)::int from es.events where type = 'IdentityCreated'
                 and data->>'identifierKey' like $1) as events`,
      [keyLike],
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: each caller knows its columns.
  async query(text: string, values: unknown[] = []): Promise<any> {
    return (await this.database.query(text, values)).rows[0];
  }

  /** PostgreSQL refuses this identity, as it might for a full disk or a replica that was promoted. */
  async breakDatabaseFor(key: string): Promise<void> {
    await this.database.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'out of order'; end $$;
      create trigger refuse before insert on identities for each row
        when (new.identifier_key = '${key}') execute function refuse()`);
  }

  async mendDatabase(): Promise<void> {
    await this.database.query('drop trigger refuse on identities; drop function refuse()');
  }

  /** Keys or rows that the queue's store still holds of jobs. */
  async leftovers(): Promise<string[]> {
    if (!this.home.redisUrl) {
      const { rows } = await this.database.query('select id from bullmq.job');
      return rows.map(({ id }) => id);
    }
    const redis = new Redis(this.home.redisUrl);
    const found = await redis.keys(`${this.home.prefix}:identity-commands:*`);
    redis.disconnect();
    return found.filter((key) => !/:(id|meta|events|stalled-check|marker|pc)$/.test(key));
  }
}

type Producer = Pick<Queue, 'add' | 'addBulk' | 'getJob' | 'getJobCounts' | 'close'>;

function producer({ redisUrl, prefix, databaseUrl }: QueueBackend): Producer {
  if (redisUrl) return new Queue('identity-commands', { connection: { url: redisUrl }, prefix });
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
  return new PostgresQueue('identity-commands', { connection: { connectionString: databaseUrl } });
}
