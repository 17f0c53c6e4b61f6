import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '#event-sourcing';
import { identityDecider } from './identity.decider.js';
import type { IdentityChanges, IdentityEvent, SetChange } from './identity.events.js';
import { IdentityFolding } from './identity.folding.js';
import type { Identity, IdentityProperty, LiveIdentity } from './identity.state.js';
import { arbitraryEvent } from './testing/identity.arbitraries.js';

const histories = fc.array(arbitraryEvent, { maxLength: 40 });

describe('the fold of a history', () => {
  it('is what one event after the other leaves, whatever happened', () =>
    fc.assert(
      fc.property(histories, (history) => {
        expect(shown(fold(identityDecider, history))).toEqual(shown(history.reduce(plainly, UNKNOWN)));
      }),
      { numRuns: 1_000 },
    ));

  it('may begin at any state and be looked at whenever one likes', () =>
    fc.assert(
      fc.property(histories, histories, fc.func(fc.boolean()), (before, history, look) => {
        const folding = new IdentityFolding(fold(identityDecider, before));
        let plain = before.reduce(plainly, UNKNOWN);
        history.forEach((event, at) => {
          folding.take(event);
          plain = plainly(plain, event);
          if (look(at)) expect(shown(folding.state())).toEqual(shown(plain));
        });
        expect(shown(folding.state())).toEqual(shown(plain));
      }),
    ));

  it('changes no state that somebody holds', () =>
    fc.assert(
      fc.property(histories, histories, (before, history) => {
        const from = fold(identityDecider, before);
        const folding = new IdentityFolding(from);
        const held = [from];
        const seen = [shown(from)];
        for (const event of history) {
          folding.take(event);
          held.push(folding.state());
          seen.push(shown(folding.state()));
        }
        expect(held.map(shown)).toEqual(seen);
      }),
    ));

  it('keeps the collections that no event touched', () => {
    const before = fold(identityDecider, [wide('IdentityCreated')]);
    const after = fold(
      identityDecider,
      [{ type: 'IdentityModified', data: { ...ID, changes: { name: 'B' } } }],
      before,
    );
    if (before.status !== 'live' || after.status !== 'live') throw new Error('both live');
    expect(after.properties).toBe(before.properties);
    expect(after.agentIds).toBe(before.agentIds);
  });
});

/** Copying them at each event would place `WIDTH` entries for each: a million here, and 5,000 events took 300 ms. */
describe('the work of a fold', () => {
  const WIDTH = 1_000;
  const EVENTS = 1_000;

  it.each<[string, (n: number) => IdentityEvent]>([
    [
      'upserts of a property',
      (n) => ({ type: 'IdentityPropertiesUpserted', data: { ...ID, properties: [property(n)] } }),
    ],
    ['properties that go', (n) => ({ type: 'IdentityPropertyRemoved', data: { ...ID, key: `key-${n}` } })],
    ['changes of a property', (n) => modified({ properties: { set: [property(n)], removed: [] } })],
    ['changes of agents', (n) => modified({ agentIds: { added: [`new-${n}`], removed: [`agent-${n}`] } })],
    ['changes of blocks', (n) => modified({ blockIds: { added: [], removed: [`block-${n}`] } })],
    ['attached agents', (n) => ({ type: 'IdentityAgentAttached', data: { ...ID, agentId: `new-${n}` } })],
    ['detached agents', (n) => ({ type: 'IdentityAgentDetached', data: { ...ID, agentId: `agent-${n}` } })],
    ['attached blocks', (n) => ({ type: 'IdentityBlockAttached', data: { ...ID, blockId: `new-${n}` } })],
    ['detached blocks', (n) => ({ type: 'IdentityBlockDetached', data: { ...ID, blockId: `block-${n}` } })],
    ['names', (n) => modified({ name: `name ${n}` })],
  ])('is one copy and then what the events name, of %s', (_, eventOf) => {
    const history = [wide('IdentityCreated'), ...Array.from({ length: EVENTS }, (_, n) => eventOf(n))];
    // Born with all of it, once copied for the answer, and one entry for each event.
    expect(entriesPlacedBy(() => fold(identityDecider, history))).toBeLessThanOrEqual(2 * WIDTH + EVENTS);
  });

  /** Entries that anybody puts into any map or set; their constructors use the same methods. */
  function entriesPlacedBy(work: () => void): number {
    const spies = [jest.spyOn(Map.prototype, 'set'), jest.spyOn(Set.prototype, 'add')];
    try {
      work();
      return spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }
});

const UNKNOWN: Identity = { status: 'unknown' };
const ID = { identityId: 'an-identity' };

const modified = (changes: IdentityChanges): IdentityEvent => ({
  type: 'IdentityModified',
  data: { ...ID, changes },
});
const property = (n: number): IdentityProperty => ({ key: `key-${n}`, type: 'number', value: n });

function wide(type: 'IdentityCreated'): IdentityEvent {
  const all = <T>(one: (n: number) => T) => Array.from({ length: 1_000 }, (_, n) => one(n));
  return {
    type,
    data: {
      ...ID,
      projectId: null,
      identifierKey: 'ada',
      name: 'Ada',
      identityType: 'user',
      properties: all(property),
      agentIds: all((n) => `agent-${n}`),
      blockIds: all((n) => `block-${n}`),
    },
  };
}

/** Also the order counts: that of properties, agents and blocks is seen by clients. */
const shown = (identity: Identity): unknown =>
  identity.status === 'live' ? { ...identity, properties: [...identity.properties] } : identity;

/** The rule as one would write it if cost did not matter: each event makes a whole new state. */
function plainly(identity: Identity, event: IdentityEvent): Identity {
  const { type, data } = event;
  if (type === 'IdentityDeleted') return { status: 'deleted' };
  if (type === 'IdentityCreated') {
    const { identityId, properties, ...fields } = data;
    return { status: 'live', ...fields, properties: withProperties(new Map(), properties, []) };
  }
  if (identity.status !== 'live') return identity;
  return { ...identity, ...changedBy(identity, event) };
}

function changedBy(identity: LiveIdentity, { type, data }: IdentityEvent): Partial<LiveIdentity> {
  const { properties, agentIds, blockIds } = identity;
  switch (type) {
    case 'IdentityModified': {
      const { properties: p, agentIds: a, blockIds: b, ...scalars } = data.changes;
      return {
        ...scalars,
        ...(p && { properties: withProperties(properties, p.set, p.removed) }),
        ...(a && { agentIds: changedSet(agentIds, a) }),
        ...(b && { blockIds: changedSet(blockIds, b) }),
      };
    }
    case 'IdentityPropertiesUpserted':
      return { properties: withProperties(properties, data.properties, []) };
    case 'IdentityPropertyRemoved':
      return { properties: withProperties(properties, [], [data.key]) };
    case 'IdentityAgentAttached':
      return { agentIds: changedSet(agentIds, { added: [data.agentId], removed: [] }) };
    case 'IdentityAgentDetached':
      return { agentIds: changedSet(agentIds, { added: [], removed: [data.agentId] }) };
    case 'IdentityBlockAttached':
      return { blockIds: changedSet(blockIds, { added: [data.blockId], removed: [] }) };
    case 'IdentityBlockDetached':
      return { blockIds: changedSet(blockIds, { added: [], removed: [data.blockId] }) };
    default:
      return {};
  }
}

function withProperties(
  before: ReadonlyMap<string, IdentityProperty>,
  set: readonly IdentityProperty[],
  removed: readonly string[],
) {
  const after = new Map([...before, ...set.map((property) => [property.key, property] as const)]);
  return new Map([...after].filter(([key]) => !removed.includes(key)));
}

const changedSet = (before: readonly string[], { added, removed }: SetChange): readonly string[] => [
  ...new Set([...before.filter((id) => !removed.includes(id)), ...added]),
];
