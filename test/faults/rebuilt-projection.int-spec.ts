import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { eventually, rollcall } from '../e2e/support/service-process.js';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { lasting, scaled } from './support/scale.js';
import { SupervisedSubscriber } from './support/supervised.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(300_000);

/** T16: a read model is built anew beside the live one, while clients write and read, and put in its place. */
describe('a projection that is rebuilt under load', () => {
  let world: FaultWorld;
  let reader: pg.Client;
  const projectors: SupervisedSubscriber[] = [];
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 1 });
    await world.subscribe();
    await world.load.start();
    reader = new pg.Client({ connectionString: world.postgres.url(DATABASE) });
    await reader.connect();
    await project('people_v1');
    await world.sql('create view people as select * from people_v1');
  });
  afterAll(async () => {
    for (const projector of projectors) await projector.kill();
    await reader.end();
    await world.close();
  });

  it('is equal to the live one at the position of the switch, also when its builder is killed, and no read fails', async () => {
    await world.load.works(scaled(150, 60));
    let switched = false;
    let reads = 0;
    const reading = (async () => {
      for (; !switched; reads++, await lasting(5))
        await reader.query('select count(*), max(hash) from people');
    })();
    const second = await project('people_v2');
    for (let kill = 0; kill < 3; kill++) {
      await second.handling();
      await world.hurt('projector killed', () => second.kill());
      second.start();
    }
    await world.load.works(30);
    await world.load.stop(); // Two that follow a growing log are hardly ever at one position.
    await eventually(switchWhenLevel, (done) => done, 120_000).finally(() => {
      switched = true;
    });
    await reading;
    await world.load.start();
    expect(reads).toBeGreaterThan(0);
  });

  it.each(Array.from({ length: scaled(2, 1) }, (_, at) => at + 1))(
    'as the identities are by `rollcall rebuild`, time %i',
    async () => {
      const env = { ...world.env, DATABASE_URL: world.postgres.url(DATABASE) };
      const rebuilding = world.hurt('rebuild', () => rollcall(['rebuild', 'identities'], env));
      await world.load.works(30);
      expect(await rebuilding).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('The rebuilt rows are live'),
      });
    },
  );

  it('loses and doubles nothing, and fails nobody', async () => {
    const verdict = await world.judge('rebuild under load');
    expectSound(verdict);
    expect(Object.keys(verdict.answers).filter((status) => status >= '500')).toEqual([]);
  });

  async function project(table: string): Promise<SupervisedSubscriber> {
    await world.sql(
      `create table ${table} (stream_id uuid primary key, version bigint, events int, hash text)`,
    );
    const env = { DATABASE_URL: world.postgres.url(DATABASE, world.proxy.port), TABLE: table };
    const projector = new SupervisedSubscriber(
      env,
      (end) => void world.unwantedEnds.push(end),
      'test/faults/projector.mjs',
    );
    projectors.push(projector);
    projector.start();
    return projector;
  }

  /** Both checkpoints are held: when they are level, the tables are compared, and readers find the new one. */
  async function switchWhenLevel(): Promise<boolean> {
    const client = new pg.Client({ connectionString: world.postgres.url(DATABASE) });
    await client.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query(
        `select position from es.checkpoints where subscription in ('people_v1', 'people_v2') order by subscription for update`,
      );
      if (rows.length < 2 || rows[0].position !== rows[1].position || rows[0].position === '0') return false;
      const hashes = await Promise.all(['people_v1', 'people_v2'].map((table) => hashOf(client, table)));
      expect(hashes[1]).toEqual(hashes[0]);
      await client.query('create or replace view people as select * from people_v2; commit');
      return true;
    } finally {
      await client.end();
    }
  }
});

async function hashOf(client: pg.Client, table: string): Promise<{ n: number; hash: string }> {
  const text = `select count(*)::int as n, md5(string_agg(t::text, '|' order by stream_id)) as hash from ${table} t`;
  const { rows } = await client.query(text);
  expect(rows[0].n).toBeGreaterThan(0);
  return rows[0];
}
