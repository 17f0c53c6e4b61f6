import type { ConnectorContext } from '#connectors/port';
import { type ContractWorld, describeConnector } from '#connectors/testing/contract';
import { startToyCrmFake, type ToyCrmFake } from './fake/toy-crm-fake.js';
import { toyCrmConnector } from './toy-crm.connector.js';

describeConnector(toyCrmConnector, startWorld, {
  oauth: false,
  restore: false,
  merge: false,
  lateCommits: false,
  daily: false,
  removeField: false,
  burst: ['none', 'seconds'],
});

/** Toy CRM's fake, in the words that all vendors share. */
async function startWorld(): Promise<ContractWorld> {
  const { crm, url, close } = await startToyCrmFake({ startAt: new Date('2026-09-01T10:00:00.250Z') });
  const { people, faults, clock } = crm;
  const context = contextOf(url, crm);
  return {
    stream: 'people',
    account: crm.account,
    secrets: [crm.token],
    unknownId: 'p0',
    context: () => context,
    contextWith: (change) => ({
      ...context,
      ...(change === 'wrong-token' && { secrets: { token: 'wrong-token' } }),
      ...(change === 'public-network-only' && { network: {} }),
    }),
    now: () => new Date(clock.now()),
    create: (name) => people.create({ name }).id,
    change: (id, name) => people.update(id, { name }),
    poison: (id, kind) => {
      if (kind === 'no-id') people.disguise(id, { id: null, name: 'x' });
      if (kind === 'wrong-type') people.disguise(id, { id, name: 'x', changed_at: 7 });
      if (kind === 'nul') people.update(id, { name: 'a\0b' });
      if (kind === 'megabyte') people.update(id, { name: 'x'.repeat(1_000_000) });
    },
    archive: (id) => people.delete(id),
    erase: (id) => people.erase(id),
    advance: async (ms) => clock.advance(ms),
    fault: (fault) => faults.add(fault),
    limit: (_kind, retryAfter) =>
      faults.add({
        kind: 'status',
        status: 429,
        times: 100,
        headers: retryAfter === 'seconds' ? { 'retry-after': '7' } : {},
      }),
    expireTokens: () => {
      crm.token = 'another';
    },
    nameOf: ({ raw }) => (raw as { name?: string }).name ?? null,
    close,
  };
}

const contextOf = (
  baseUrl: string,
  { clock, token }: ToyCrmFake['crm'],
): ConnectorContext<unknown, unknown> => ({
  config: { baseUrl },
  secrets: { token },
  network: { allowPrivateNetwork: true, timeoutMs: 2_000, maxResponseBytes: 4 * 1024 * 1024 },
  now: () => new Date(clock.now()),
});
