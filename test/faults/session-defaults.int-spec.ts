import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeLong } from '../support/long.js';
import { DATABASE, FaultWorld } from './support/fault-world.js';
import { newRequestId, tryOnce } from './support/persistent-request.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(400_000);

const DEFAULTS = {
  datestyle: 'German',
  intervalstyle: 'iso_8601',
  timezone: 'Pacific/Kiritimati',
  default_transaction_isolation: 'serializable',
  search_path: '"$user"',
  client_encoding: 'LATIN1',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  statement_timeout: '150',
  lock_timeout: '5',
  extra_float_digits: '-15',
  enable_indexscan: 'off',
};

const AS_EVER = 'serves as ever with %s = %s';
const isTimeout = ([name]: [string, string]) => name.endsWith('timeout');
const timeouts = Object.entries(DEFAULTS).filter(isTimeout);
const others = Object.entries(DEFAULTS).filter((entry) => !isTimeout(entry));

/** A14: the database was given defaults for its sessions, and ours rely on none of them. */
describe('a database whose sessions begin otherwise', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open();
    await world.subscribe();
    await world.load.start();
  });
  afterAll(() => world.close());

  /** One by one, since no process would start with them. */
  it.each(timeouts)(AS_EVER, servesAsEver);

  describeLong('each of the others by itself', () => {
    it.each(others)(AS_EVER, servesAsEver);
  });

  it('starts and is judged with all of them', async () => {
    for (const [name, value] of others)
      await world.postgres.sql(`alter database ${DATABASE} set ${name} = ${literal(name, value)}`);
    for (const process of [...world.apis, ...world.workers]) process.kill();
    world.proxy.cutOnce();
    await Promise.all([world.import(50), world.jobs.add(2), world.load.works(scaled(30, 15))]);
    for (const name of Object.keys(DEFAULTS))
      await world.postgres.sql(`alter database ${DATABASE} reset ${name}`);
    const verdict = await world.judge('other session defaults');
    expectSound(verdict);
    const [changed] = await world.sql<{ n: number }>(
      `select count(*)::int as n from identities where updated_at > now() + interval '1 minute'`,
    );
    expect(changed?.n).toBe(0);
  });

  async function servesAsEver(name: string, value: string) {
    await world.hurt(name, () =>
      world.postgres.sql(`alter database ${DATABASE} set ${name} = ${literal(name, value)}`),
    );
    world.proxy.cutOnce();
    await Promise.all([world.import(50), world.jobs.add(2), world.load.works(scaled(20, 8))]);
    for (const request of reads) {
      const [target] = world.targets;
      const { status } = await tryOnce(target ?? { url: '', adminKey: '' }, {
        id: newRequestId(),
        method: 'GET',
        path: request,
      });
      expect([request, status]).toEqual([request, 200]);
    }
    await world.postgres.sql(`alter database ${DATABASE} reset ${name}`);
  }
});

const reads = ['/v1/identities/', '/v1/imports', '/v1/connections', '/v1/dead-letters'];

const literal = (name: string, value: string) => (name === 'search_path' ? value : `'${value}'`);
