import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, freshAdminKey, freshSecretKey, rollcall } from '../e2e/support/service-process.js';
import { describeWithPrograms } from '../support/databases.js';
import { describeLong } from '../support/long.js';
import type { OwnPostgres } from '../support/own-postgres.js';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { until } from '../support/queue-world.js';
import { masterOf, type RedisServer, RedisServers } from '../support/redis-servers.js';
import { DATABASE, FaultWorld, type FaultWorldOptions } from './support/fault-world.js';
import { between, lasting, scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(600_000);

type Harm = (world: FaultWorld) => Promise<unknown>;

interface Topology {
  /** The smallest values of docs/database.md. */
  readonly connections: Readonly<Record<'api' | 'worker', number>>;
  /** Starts what stands beside the database. */
  readonly options: () => Promise<FaultWorldOptions>;
  /** What can happen here and nowhere else. */
  readonly harms: Readonly<Record<string, Harm>>;
  readonly end: () => Promise<void>;
}

const JOBS_IN_POSTGRES = { api: 5, worker: 8 };
const JOBS_IN_REDIS = { api: 4, worker: 4 };
/** Whom the service serves as, with no more rights than it needs. */
const ROLE = 'rollcall_serving';
const OWNER = 'rollcall_owner';

/** In every run jobs in PostgreSQL, behind what stands between, and jobs in Redis; the others are more of the same. */
const topologies: [
  name: string,
  programs: string[],
  topology: () => Topology,
  block?: typeof describeLong,
][] = [
  ['PostgreSQL alone', [], inPostgres, describeLong],
  ['PostgreSQL and Redis', ['redis-server'], withRedis],
  ['PgBouncer', ['pgbouncer'], behindPgBouncer],
  ['PostgreSQL and a Redis Cluster', ['redis-server'], withRedisCluster, describeLong],
];

/** Section 11 of what was promised: two of each kind of process, and no more connections than they must have. */
for (const [name, programs, build, block] of topologies)
  describeWithPrograms(`two APIs and two workers on ${name}`, programs, () => goesOn(name, build()), block);

function goesOn(name: string, { connections, options, harms, end }: Topology): void {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ workers: 2, connections, ...(await options()) });
    await world.subscribe();
    await world.load.start();
  });
  afterAll(async () => {
    await world?.close();
    await end();
  });

  const everywhere: Record<string, Harm> = {
    'API killed': async ({ apis }) => pick(apis).kill(),
    'worker killed': async ({ workers }) => pick(workers).kill(),
    'all sessions ended': endSessions,
  };

  it.each(Object.entries({ ...everywhere, ...harms }))('go on after: %s', async (what, harm) => {
    const rows = scaled(2_000, 1_000);
    const work = [world.jobs.add(scaled(20, 15)), world.import(rows), world.import(rows)];
    await lasting(between(50, 500));
    await world.hurt(what, () => harm(world));
    await Promise.all([...work, world.load.works(scaled(40, 20), 180_000)]);
    await eventually(
      () => Promise.all([world.readiness(), running(world)]),
      ([readiness, up]) => up === 4 && readiness.join() === '200,200',
      120_000,
    );
  });

  it('keep to their connections', async () => {
    const allowed = 2 * (connections.api + connections.worker);
    await eventually(
      () => sessions(world),
      (held) => held > 0 && held <= allowed,
      60_000,
    );
  });

  it('have done nothing twice and lost nothing in the end', async () => {
    expectSound(await world.judge(`two APIs and two workers on ${name}`));
    expect(await world.sql('select code, reason from dead_letters')).toEqual([]);
  });
}

function inPostgres(): Topology {
  return {
    connections: JOBS_IN_POSTGRES,
    options: async () => asOneRole,
    harms: { 'database restarted': ({ postgres }) => postgres.restart('fast') },
    end: async () => {},
  };
}

function withRedis(): Topology {
  const servers = new RedisServers();
  let server: RedisServer;
  return {
    connections: JOBS_IN_REDIS,
    options: async () => {
      servers.begin();
      server = await servers.server(['--appendonly', 'yes', '--appendfsync', 'always']);
      return { ...asOneRole, redisUrl: server.url };
    },
    harms: {
      'Redis restarted': async () => {
        await server.kill();
        await server.start();
      },
    },
    end: () => servers.end(),
  };
}

function withRedisCluster(): Topology {
  const servers = new RedisServers();
  let nodes: RedisServer[];
  return {
    connections: JOBS_IN_REDIS,
    options: async () => {
      servers.begin();
      nodes = await servers.cluster();
      return { ...asOneRole, redisUrl: nodes.map(({ url }) => url).join(',') };
    },
    harms: {
      'master of the jobs killed': async ({ env }) => {
        const key = `{${env.ROLLCALL_QUEUE_PREFIX}}:any`;
        const master = await masterOf(key, nodes);
        if (!master) throw new Error('No node takes jobs');
        await copied(master);
        await master.kill();
        await until(async () => (await masterOf(key, nodes)) !== undefined);
        await master.start();
        await until(async () => (await master.info('replication')).includes('master_link_status:up'));
      },
    },
    end: () => servers.end(),
  };
}

function behindPgBouncer(): Topology {
  let pooler: PgBouncer;
  return {
    connections: JOBS_IN_POSTGRES,
    options: async () => ({
      prepare: (postgres) =>
        postgres.sql(
          `create role ${OWNER} login; create role ${ROLE} login; alter database ${DATABASE} owner to ${OWNER}`,
        ),
      way: async (postgres, proxy) => {
        const url = (role: string) => as(role, postgres.url(DATABASE, proxy.port));
        pooler = await startPgBouncer([url(OWNER), url(ROLE)], 'query_wait_timeout = 10');
        const env = {
          DATABASE_URL: pooler.through(url(ROLE)),
          ROLLCALL_DATABASE_DIRECT_URL: url(OWNER),
          ROLLCALL_DATABASE_POOLED: '1',
        };
        await setUp(env, pooler);
        return env;
      },
    }),
    harms: { 'pooler restarted': () => pooler.restart() },
    end: async () => pooler?.stop(),
  };
}

/** The first migration may find that the pooler still has sessions without the settings it has just made. */
async function setUp(env: Record<string, string>, pooler: PgBouncer): Promise<void> {
  const keys = { ROLLCALL_ADMIN_KEY: freshAdminKey(), ROLLCALL_SECRET_KEY: freshSecretKey() };
  const migrate = () => rollcall(['migrate'], { ...env, ...keys });
  const first = await migrate();
  if (first.code === 0) return;
  expect(first.stderr).toContain('RECONNECT');
  await pooler.reconnect();
  expect(await migrate()).toMatchObject({ code: 0 });
}

const asOneRole: FaultWorldOptions = {
  user: ROLE,
  prepare: (postgres: OwnPostgres) =>
    postgres.sql(`create role ${ROLE} login; alter database ${DATABASE} owner to ${ROLE}`),
};

/** What a cluster loses of itself by copying late is not at issue here: the replica has everything when the master dies. */
async function copied(master: RedisServer): Promise<void> {
  await master.ask('CLIENT', 'PAUSE', 60_000, 'WRITE');
  await until(async () => {
    const told = await master.info('replication');
    const [, offset] = /offset=(\d+),/.exec(told) ?? [];
    return offset !== undefined && told.includes(`master_repl_offset:${offset}\r`);
  });
}

async function endSessions(world: FaultWorld): Promise<void> {
  await world.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

/** Sessions of the service's roles: those of the clients and of the judge are of another. */
async function sessions(world: FaultWorld): Promise<number> {
  const [row] = await world.sql<{ n: number }>(
    'select count(*)::int as n from pg_stat_activity where usename = any($1)',
    [[ROLE, OWNER]],
  );
  return row?.n ?? 0;
}

const running = async ({ apis, workers }: FaultWorld): Promise<number> =>
  [...apis, ...workers].filter(({ pid }) => pid !== undefined).length;

function as(role: string, url: string): string {
  const other = new URL(url);
  other.username = role;
  return other.href;
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
