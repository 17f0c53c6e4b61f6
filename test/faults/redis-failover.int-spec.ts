import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QueueUnavailableError } from '#queue';
import { newGate } from '../support/greeting-bench.js';
import { describeLong } from '../support/long.js';
import { type NetworkWay, openWay } from '../support/network-way.js';
import { until } from '../support/queue-world.js';
import {
  describeWithRedisServers,
  masterOf,
  type RedisServer,
  type RedisServers,
} from '../support/redis-servers.js';
import { answers, openOffice, PREFIX, type TaskOffice, task } from '../support/task-office.js';

jest.setTimeout(120_000); // Half a minute each; more where the machine is busy.

type Change = (server: RedisServer) => Promise<unknown>;

const NOBODY = ['127.0.0.1', '1'] as const;

/** What a server says no to writes with, and what it takes for it to do so. */
const refusals: [what: string, settings: string[], refuse: Change, accept: Change][] = [
  [
    'the server is a replica (READONLY)',
    [],
    (server) => server.ask('REPLICAOF', ...NOBODY),
    (server) => server.ask('REPLICAOF', 'NO', 'ONE'),
  ],
  [
    'the server has lost its master (MASTERDOWN)',
    ['--replica-serve-stale-data', 'no'],
    (server) => server.ask('REPLICAOF', ...NOBODY),
    (server) => server.ask('REPLICAOF', 'NO', 'ONE'),
  ],
  [
    'the server has too few replicas (NOREPLICAS)',
    [],
    (server) => server.ask('CONFIG', 'SET', 'min-replicas-to-write', 1),
    (server) => server.ask('CONFIG', 'SET', 'min-replicas-to-write', 0),
  ],
  [
    'the server has no memory left (OOM)',
    [],
    (server) => server.ask('CONFIG', 'SET', 'maxmemory', 1),
    (server) => server.ask('CONFIG', 'SET', 'maxmemory', 0),
  ],
  [
    'the server cannot save (MISCONF)',
    [],
    async (server) => {
      rmSync(server.folder, { recursive: true });
      await server.ask('CONFIG', 'SET', 'save', '3600 1');
      await server.ask('BGSAVE');
      await until(async () => (await server.info('persistence')).includes('rdb_last_bgsave_status:err'));
    },
    (server) => server.ask('CONFIG', 'SET', 'save', ''),
  ],
];

type Silence = (way: NetworkWay, server: RedisServer) => void;

const silences: [what: string, silence: Silence, heal: Silence][] = [
  ['the network swallows it', (way) => way.swallow(), (way) => way.pass()],
  ['the machine hangs', (_way, server) => server.freeze(), (_way, server) => server.thaw()],
];

const cuts: [what: string, cut: (way: NetworkWay, server: RedisServer) => Promise<void>][] = [
  [
    'a restart',
    async (_way, server) => {
      await server.kill();
      await server.start();
    },
  ],
  [
    'a cut of the network',
    async (way) => {
      way.refuse();
      await sleep(3_000);
      way.pass();
    },
  ],
];

interface Loss {
  readonly lose: Change;
  readonly bringBack: Change;
}

const killed: Loss = { lose: (server) => server.kill(), bringBack: (server) => server.start() };
const hanging: Loss = {
  lose: async (server) => server.freeze(),
  bringBack: async (server) => server.thaw(),
};

const absences: [what: string, leave: Change, comeBack: Change][] = [
  ['is gone', (server) => server.kill(), (server) => server.start()],
  ['hangs', async (server) => server.freeze(), async (server) => server.thaw()],
  [
    'takes no writes',
    (server) => server.ask('REPLICAOF', ...NOBODY),
    (server) => server.ask('REPLICAOF', 'NO', 'ONE'),
  ],
];

interface Home {
  readonly url: string;
  readonly master: RedisServer;
}

const homes: [what: string, found: (servers: RedisServers) => Promise<Home>][] = [
  [
    'a cluster',
    async (servers) => {
      const nodes = await servers.cluster();
      return { url: nodes.map(({ url }) => url).join(','), master: await masterOfJobs(nodes) };
    },
  ],
  [
    'the care of Sentinels',
    async (servers) => {
      const master = await servers.server([], 'of-the-jobs');
      await servers.replicaOf(master);
      const sentinels = await servers.sentinels(master, 'of-the-watch');
      const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
      const url = `redis+sentinel://:of-the-jobs@${hosts}/jobs?sentinelPassword=of-the-watch`;
      return { url, master };
    },
  ],
];

/** Nobody takes a job from who finishes it only after the silence was noticed: it has to be done in one run. */
const LONGER_THAN_SILENCE_MS = 20_000;

/** Job runners and producers are never restarted here: whatever becomes of Redis, they go on by themselves. */
describeWithRedisServers('jobs in a Redis that fails', (servers) => {
  let office: TaskOffice;
  let ways: NetworkWay[];
  const open = async (...settings: Parameters<typeof openOffice>) => {
    office = await openOffice(...settings);
    return office;
  };
  beforeEach(() => {
    ways = [];
  });
  afterEach(async () => {
    await office.close();
    for (const way of ways) await way.end();
  });
  async function wayTo(server?: RedisServer): Promise<NetworkWay> {
    const way = await openWay(server?.port);
    ways.push(way);
    return way;
  }

  it.each(refusals)('wait while %s', async (_what, settings, refuse, accept) => {
    const server = await servers.server(settings);
    const { queues, add, done, runs, gates } = await open(server.url);
    await add('before');
    await until(() => done('before'));
    gates.set('amid', newGate());
    await add('amid');
    await until(() => runs.has('amid'));

    await refuse(server);
    gates.get('amid')?.release();
    await until(() => done('amid'));
    await refusesSoon(() => queues.ping());
    await refusesSoon(() => add('meanwhile'));

    await accept(server);
    await until(() => answers(() => queues.ping()));
    await add('after');
    await until(() => done('after'));
    await until(() => office.isIdle());
    expect(office.jobsOf('before', 'amid', 'meanwhile', 'after')).toEqual([1, 1, 0, 1]);
    expect(office.runs.get('amid')).toHaveLength(1);
  });

  it('go to the new master that has the name of the old one, whose connections stay', async () => {
    const old = await servers.server();
    const next = await servers.replicaOf(old);
    const way = await wayTo(old);
    const { queues, add, done } = await open(way.url);
    await add('before');
    await until(() => done('before'));

    await old.ask('REPLICAOF', '127.0.0.1', next.port);
    await next.ask('REPLICAOF', 'NO', 'ONE');
    way.leadsTo(next.port);

    await until(() => answers(() => queues.ping()));
    await until(() => answers(() => add('after')));
    await until(() => done('after'));
  });

  it.each(silences)('do not wait for a connection that says nothing, as %s', async (_what, silence, heal) => {
    const server = await servers.server();
    const way = await wayTo(server);
    const { queues, add, done } = await open(way.url);
    await add('before');
    await until(() => done('before'));

    silence(way, server);
    await refusesSoon(() => add('amid'));
    await refusesSoon(() => queues.ping());
    heal(way, server);

    await until(() => answers(() => add('after')));
    await until(() => done('after'));
    expect(office.jobsOf('amid', 'after').every((jobs) => jobs <= 1)).toBe(true);
  });

  it.each(cuts)('go on after %s', async (_what, cut) => {
    const server = await servers.server(['--appendonly', 'yes', '--appendfsync', 'always']);
    const way = await wayTo(server);
    const { add, done } = await open(way.url);
    const names = numbered(200);
    const adding = office.addInTurn(names);
    await until(() => done(names[50] as string));
    await cut(way, server);
    const acknowledged = await adding;

    await until(() => acknowledged.every(done));
    await add('after');
    await until(() => done('after'));
    expect(office.jobsOf(...names).filter((jobs) => jobs > 1)).toEqual([]);
  });

  it.each(['a server', 'a cluster'])('are not added twice when the answer of %s is lost', async (kind) => {
    const way = await wayTo();
    const server = kind === 'a cluster' ? await servers.clusterAt(way.port, PREFIX) : await servers.server();
    way.leadsTo(server.port);
    const { add, done } = await open(kind === 'a cluster' ? `${way.url},${way.url}` : way.url);
    await add('before');
    await until(() => done('before'));

    way.loseAnswers();
    const adding = refusesSoon(() => add('unheard'));
    await until(async () => (await server.ask('GET', `${PREFIX}:tasks:id`)) === '2');
    way.refuse();
    way.pass();
    await adding;

    await until(() => answers(() => add('after')));
    await until(() => done('unheard') && done('after'));
    expect(office.jobsOf('before', 'unheard', 'after')).toEqual([1, 1, 1]);
  });

  it('get back from PostgreSQL what was lost with everything in Redis', async () => {
    const server = await servers.server();
    const { done } = await open(server.url);
    const names = numbered(100);
    office.gates.set(names[20] as string, newGate());
    const due = office.keepDue(names);
    await until(() => office.runs.has(names[20] as string));

    await server.ask('FLUSHALL');
    office.gates.get(names[20] as string)?.release();

    await due;
    expect(names.every(done)).toBe(true);
    expect(await office.effects()).toEqual([...names].sort());
  });

  describe.each(homes)('in %s', (_home, found) => {
    it('go on when the master was killed', () => goOn(killed));
    describeLong('longer', () => {
      it('go on when the master hangs', () => goOn(hanging));
    });

    async function goOn({ lose, bringBack }: Loss) {
      const { url, master } = await found(servers);
      const { queues, add, done, gates, runs } = await open(url, LONGER_THAN_SILENCE_MS);
      gates.set('amid', newGate());
      await add('amid');
      const names = numbered(300);
      const due = office.keepDue(names);
      await until(() => runs.has('amid') && done(names[50] as string));

      await lose(master);
      gates.get('amid')?.release();
      await due;
      await until(() => answers(() => queues.ping()));
      await until(() => answers(() => add('after')));
      await until(() => done('after'));
      await until(() => office.isIdle());

      await bringBack(master);
      expect(await office.effects()).toEqual([...names, 'after', 'amid'].sort());
      expect(runs.get('amid')).toHaveLength(1);
    }
  });

  it('are refused soon to who opens a queue meanwhile, and taken from the same afterwards', async () => {
    const server = await servers.server();
    const { done } = await open(server.url);
    await server.ask('REPLICAOF', ...NOBODY);
    const queues = office.anotherProducer();
    await refusesSoon(() => queues.add(task, { name: 'meanwhile' }));
    await server.ask('REPLICAOF', 'NO', 'ONE');

    await until(() => answers(() => queues.add(task, { name: 'after' })));
    await until(() => done('after'));
  });

  it.each(absences)('let go of a Redis that %s when they close', async (_what, leave, comeBack) => {
    const server = await servers.server();
    const { add, done } = await open(server.url);
    await add('before');
    await until(() => done('before'));
    await leave(server);
    await refusesSoon(() => add('meanwhile'));
    const late = sleep(30_000, 'late', { ref: false });
    expect(await Promise.race([office.close(), late])).not.toBe('late');
    await comeBack(server);
    await until(
      async () =>
        String(await server.ask('CLIENT', 'LIST'))
          .trim()
          .split('\n').length === 1,
    );
  });
});

/** Which node has the slot of the prefix. */
async function masterOfJobs(nodes: readonly RedisServer[]): Promise<RedisServer> {
  const master = await masterOf(`${PREFIX}:any`, nodes);
  if (!master) throw new Error('no node takes the key');
  return master;
}

/** No answer at all would be worse than a refusal: whoever asked waits. */
async function refusesSoon(ask: () => Promise<unknown>): Promise<void> {
  const late = sleep(12_000, 'late', { ref: false });
  await expect(Promise.race([ask(), late])).rejects.toThrow(QueueUnavailableError);
}

const numbered = (many: number) => Array.from({ length: many }, (_, n) => `task-${n}`);
