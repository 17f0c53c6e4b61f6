import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold, type RecordedEvent } from '#event-sourcing';
import {
  createIdentity,
  deleteIdentity,
  identityDecider,
  modifyIdentity,
  removeProperty,
  replaceIdentity,
  upsertProperties,
} from './identity.decider.js';
import type { IdentityEvent } from './identity.events.js';
import { provenanceOf } from './identity.provenance.js';
import type { Identity } from './identity.state.js';
import { type ArbitraryChange, arbitraryChange } from './testing/identity.arbitraries.js';

describe('where the values of an identity come from', () => {
  it('is the last event that changed each of them', () => {
    const events = recorded([
      { kind: 'create', identifierKey: 'a', name: 'Ada', identityType: 'user', properties: [plan('free')] },
      { kind: 'modify', name: 'Ada Lovelace' },
      { kind: 'upsert-properties', properties: [plan('pro')] },
      { kind: 'modify', name: 'Ada Lovelace' },
    ] as ArbitraryChange[]);
    const found = provenanceOf(events);
    expect(found.get('identifier_key')).toMatchObject({ version: 1, eventId: 'event-1', actor: 'actor-1' });
    expect(found.get('name')).toMatchObject({ version: 2, removed: false });
    expect(found.get('properties.plan')).toMatchObject({ version: 3 });
  });

  it('remembers who took a property away', () => {
    const events = recorded([
      { kind: 'create', identifierKey: 'a', name: 'Ada', identityType: 'user', properties: [plan('free')] },
      { kind: 'remove-property', key: 'plan' },
    ] as ArbitraryChange[]);
    expect(provenanceOf(events).get('properties.plan')).toMatchObject({ version: 2, removed: true });
  });

  it('is nowhere for an identity that was never there, or is deleted', () => {
    const gone = recorded([
      { kind: 'create', identifierKey: 'a', name: 'Ada', identityType: 'user' },
      { kind: 'delete' },
    ] as ArbitraryChange[]);
    expect(provenanceOf([]).size + provenanceOf(gone).size).toBe(0);
  });

  it('agrees with comparing all states one by one, whatever happened', () => {
    fc.assert(
      fc.property(fc.array(arbitraryChange, { maxLength: 30 }), (changes) => {
        const events = recorded(changes);
        const found = provenanceOf(events);
        const versions = [...found].filter(([, { removed }]) => !removed).map(([f, o]) => [f, o.version]);
        expect(Object.fromEntries(versions)).toEqual(Object.fromEntries(lastChanges(events)));
      }),
    );
  });
});

const plan = (value: string) => ({ key: 'plan', type: 'string', value });

/** The slow way: of each field that is there, the version at which it last became what it is. */
function lastChanges(events: readonly RecordedEvent<IdentityEvent>[]): Map<string, number> {
  let before = new Map<string, string>();
  const versions = new Map<string, number>();
  events.forEach(({ type, version }, index) => {
    const after = fieldsOf(fold(identityDecider, events.slice(0, index + 1)));
    for (const [field, value] of after)
      if (type === 'IdentityCreated' || before.get(field) !== value) versions.set(field, version);
    for (const field of versions.keys()) if (!after.has(field)) versions.delete(field);
    before = after;
  });
  return versions;
}

function fieldsOf(identity: Identity): Map<string, string> {
  if (identity.status !== 'live') return new Map();
  const { identifierKey, name, identityType, properties } = identity;
  return new Map([
    ['identifier_key', identifierKey],
    ['name', name],
    ['identity_type', identityType],
    ...[...properties.values()].map((one) => [`properties.${one.key}`, JSON.stringify(one)] as const),
  ]);
}

function recorded(changes: readonly ArbitraryChange[]): RecordedEvent<IdentityEvent>[] {
  let state: Identity = identityDecider.initial;
  const events: RecordedEvent<IdentityEvent>[] = [];
  for (const change of changes) {
    for (const event of decide(change, state)) {
      state = identityDecider.evolve(state, event);
      const version = events.length + 1;
      const metadata = { actor: `actor-${version}`, source: 'rest', correlationId: 'c', occurredAt: 'then' };
      const place = { streamId: ID, version, globalPosition: version, recordedAt: new Date(0) };
      events.push({ ...event, ...place, id: `event-${version}`, schemaVersion: 1, metadata });
    }
  }
  return events;
}

const ID = 'an-identity';

function decide(change: ArbitraryChange, state: Identity): readonly IdentityEvent[] {
  if (change.kind === 'create') return createIdentity(ID, { ...change, projectId: null })(state);
  if (state.status !== 'live') return [];
  switch (change.kind) {
    case 'modify':
      return modifyIdentity(ID, change)(state);
    case 'replace':
      return replaceIdentity(ID, change)(state);
    case 'upsert-properties':
      return upsertProperties(ID, change.properties)(state);
    case 'remove-property':
      return removeProperty(ID, change.key)(state);
    case 'delete':
      return deleteIdentity(ID)(state);
    default:
      return [];
  }
}
