import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FaultWorld } from './support/fault-world.js';
import { newRequestId, type PersistentRequest, type Try, tryOnce } from './support/persistent-request.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(600_000);

/** T6 to T8: many want the same thing at the same moment, from two API processes. */
describe('many clients of two processes', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 2, workers: 0, load: { clients: 2 } });
    await world.load.start();
  });
  afterAll(() => world.close());

  it('who want one key make one identity, and the others are told that it is taken', async () => {
    for (let round = 0; round < scaled(25, 3); round++) {
      const key = `contended-${round}-${randomUUID()}`;
      const answers = await atOnce(64, () => creating(key));
      expect(statuses(answers)).toEqual({ 200: 1, 409: 63 });
      expect(await created(key)).toBe(1);
    }
  });

  it('who change one version all get their way, or all but one are refused, as they asked', async () => {
    for (let round = 0; round < scaled(6, 1); round++) {
      const { id, path } = await anIdentity();
      const named = () => ({ id: newRequestId(), method: 'PATCH', path, body: { name: randomUUID() } });
      expect(statuses(await atOnce(32, named))).toEqual({ 200: 32 });
      const matching = await atOnce(32, () => ({ ...named(), headers: { 'if-match': '"33"' } }));
      expect(statuses(matching)).toEqual({ 200: 1, 412: 31 });
      expect(await versions(id)).toBe(34);
    }
  });

  it.each([
    ['create', 'POST', () => '/v1/identities/', (id: string) => creating(`one-effect-${id}`).body],
    ['change', 'PATCH', (path: string) => path, () => ({ name: 'once' })],
    ['removal', 'DELETE', (path: string) => path, () => undefined],
  ] as const)(
    'who send one %s with one Idempotency-Key cause one effect and get one answer',
    async (_, method, pathOf, bodyOf) => {
      for (let round = 0; round < scaled(4, 1); round++) {
        const { path } = await anIdentity();
        const id = newRequestId();
        const request = { id, method, path: pathOf(path), body: bodyOf(id) };
        const answers = await atOnce(50, () => request);
        expect(statuses(answers)).toEqual({ 200: 50 });
        expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
        expect(await causedBy(id)).toBe(1);
        const other = {
          ...request,
          method: method === 'POST' ? 'POST' : 'PATCH',
          body: creating('other').body,
        };
        expect((await send(other)).status).toBe(422);
      }
    },
  );

  it('find their rows to be what the log says', async () => {
    expectSound(await world.judge('contended keys'));
  });

  const atOnce = (count: number, request: () => PersistentRequest): Promise<Try[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => send(request(), n)));

  const send = (request: PersistentRequest, n = 0): Promise<Try> => {
    const target = world.targets[n % world.targets.length];
    if (!target) throw new Error('No API process is up');
    return tryOnce(target, request);
  };

  async function anIdentity(): Promise<{ id: string; path: string }> {
    const { body } = await send(creating(randomUUID()));
    const { id } = body as { id: string };
    return { id: id.replace('identity-', ''), path: `/v1/identities/${id}` };
  }

  const created = (key: string) => count(`type = 'IdentityCreated' and data->>'identifierKey' = $1`, key);
  const causedBy = (id: string) => count(`meta->>'correlationId' = $1`, id);
  const versions = (id: string) => count('stream_id = $1::uuid', id);

  async function count(where: string, value: string): Promise<number> {
    const [row] = await world.sql<{ n: number }>(`select count(*)::int as n from es.events where ${where}`, [
      value,
    ]);
    return row?.n ?? -1;
  }
});

const creating = (key: string): PersistentRequest => ({
  id: newRequestId(),
  method: 'POST',
  path: '/v1/identities/',
  body: { identifier_key: key, name: 'Ada', identity_type: 'user' },
});

function statuses(answers: readonly Try[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
