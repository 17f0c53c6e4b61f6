import { describe, expect, it } from '@jest/globals';
import { fold } from '#event-sourcing';
import { DeciderSpecification } from '#event-sourcing/testing';
import {
  attachAgent,
  attachBlock,
  createIdentity,
  deleteIdentity,
  detachAgent,
  detachBlock,
  identityDecider,
  MAX_ENTRIES,
  modifyIdentity,
  type NewIdentity,
  removeProperty,
  replaceIdentity,
  upsertProperties,
} from './identity.decider.js';
import { IdentityLimitError, IdentityNotFoundError } from './identity.errors.js';
import type { IdentityChanges, IdentityCreated, IdentityEvent } from './identity.events.js';
import type { IdentityProperty, JsonObject } from './identity.state.js';

const { given } = DeciderSpecification.for(identityDecider);

describe('creating an identity', () => {
  it('records everything it was given', () =>
    given()
      .when(create({ properties: [plan('pro')], agentIds: ['agent-1'], blockIds: ['block-1'] }))
      .then(created({ properties: [plan('pro')], agentIds: ['agent-1'], blockIds: ['block-1'] })));

  it('takes the last of a repeated property, and a repeated agent once', () =>
    given()
      .when(create({ properties: [plan('free'), plan('pro')], agentIds: ['agent-1', 'agent-1'] }))
      .then(created({ properties: [plan('pro')], agentIds: ['agent-1'] })));

  it('says nothing when it exists', () =>
    given(created())
      .when(create({ name: 'Other' }))
      .thenNothing());

  it('brings a deleted one back', () =>
    given(created(), deleted())
      .when(create({ name: 'Back' }))
      .then(created({ name: 'Back' })));

  it('refuses more properties than an identity holds', () =>
    given()
      .when(create({ properties: numbered(MAX_ENTRIES + 1) }))
      .thenThrows(IdentityLimitError));
});

describe('modifying an identity', () => {
  it('records only the fields that changed', () =>
    given(created({ name: 'Ada', identityType: 'user' }))
      .when(modify({ name: 'Ada Lovelace', identityType: 'user' }))
      .then(modified({ name: 'Ada Lovelace' })));

  it('changes key and type', () =>
    given(created())
      .when(modify({ identifierKey: 'other', identityType: 'org' }))
      .then(modified({ identifierKey: 'other', identityType: 'org' })));

  it('merges properties by key', () =>
    given(created({ properties: [plan('free'), seats(1)] }))
      .when(modify({ properties: [plan('pro'), seats(1), vip(true)] }))
      .then(modified({ properties: { set: [plan('pro'), vip(true)], removed: [] } })));

  it('adds agents and blocks', () =>
    given(created({ agentIds: ['agent-1'] }))
      .when(modify({ agentIds: ['agent-1', 'agent-2'], blockIds: ['block-1'] }))
      .then(
        modified({
          agentIds: { added: ['agent-2'], removed: [] },
          blockIds: { added: ['block-1'], removed: [] },
        }),
      ));

  it('says nothing when nothing is new', () =>
    given(created({ properties: [plan('pro')], agentIds: ['agent-1'] }))
      .when(modify({ name: 'Ada', properties: [plan('pro')], agentIds: ['agent-1'] }))
      .thenNothing());

  it('says nothing when a JSON value differs only in the order of its keys', () =>
    given(created({ properties: [address({ city: 'London', lines: [{ a: 1, b: 2 }] })] }))
      .when(modify({ properties: [address({ lines: [{ b: 2, a: 1 }], city: 'London' })] }))
      .thenNothing());

  it.each([
    [address({ city: 'London' }), address({ city: 'Paris' })],
    [address({ city: 'London' }), address({ city: 'London', zip: null })],
    [address({ list: [1, 2] }), address({ list: [2, 1] })],
    [address({ list: [] }), address({ list: {} })],
    [address({}), { key: 'address', type: 'string', value: '{}' } as const],
    [{ key: 'n', type: 'string', value: '1' } as const, { key: 'n', type: 'number', value: 1 } as const],
  ])('sees that %j became %j', (before, after) =>
    given(created({ properties: [before] }))
      .when(modify({ properties: [after] }))
      .then(modified({ properties: { set: [after], removed: [] } })),
  );

  it('takes the last of a repeated property', () =>
    given(created({ properties: [plan('free')] }))
      .when(modify({ properties: [plan('pro'), plan('free')] }))
      .thenNothing());

  it('refuses to hold more than an identity holds', () =>
    given(created({ properties: numbered(MAX_ENTRIES) }))
      .when(modify({ properties: [plan('pro')] }))
      .thenThrows(IdentityLimitError));

  it('finds no identity that never was, or is deleted', () => {
    given()
      .when(modify({ name: 'Ada' }))
      .thenThrows(IdentityNotFoundError);
    given(created(), deleted())
      .when(modify({ name: 'Ada' }))
      .thenThrows(IdentityNotFoundError);
  });
});

describe('replacing an identity', () => {
  it('replaces what is given', () =>
    given(created({ properties: [plan('pro'), seats(1)], agentIds: ['agent-1', 'agent-2'] }))
      .when(replace({ name: 'New', properties: [seats(2)], agentIds: ['agent-2', 'agent-3'], blockIds: [] }))
      .then(
        modified({
          name: 'New',
          properties: { set: [seats(2)], removed: ['plan'] },
          agentIds: { added: ['agent-3'], removed: ['agent-1'] },
        }),
      ));

  it('leaves what is not given', () =>
    given(created({ properties: [plan('pro')], agentIds: ['agent-1'] }))
      .when(replace({ name: 'New' }))
      .then(modified({ name: 'New' })));

  it('empties what is given empty', () =>
    given(created({ properties: [plan('pro')], blockIds: ['block-1'] }))
      .when(replace({ properties: [], blockIds: [] }))
      .then(
        modified({
          properties: { set: [], removed: ['plan'] },
          blockIds: { added: [], removed: ['block-1'] },
        }),
      ));

  it('says nothing when all is as it was', () =>
    given(created({ properties: [plan('pro')], agentIds: ['agent-1'] }))
      .when(replace({ properties: [plan('pro')], agentIds: ['agent-1'] }))
      .thenNothing());

  it('finds no deleted identity', () =>
    given(created(), deleted()).when(replace()).thenThrows(IdentityNotFoundError));
});

describe('upserting properties', () => {
  it('records those that changed or are new', () =>
    given(created({ properties: [plan('free'), seats(1)] }))
      .when(upsertProperties(ID, [plan('pro'), seats(1), vip(false)]))
      .then(upserted(plan('pro'), vip(false))));

  it('takes the last of a repeated key', () =>
    given(created())
      .when(upsertProperties(ID, [plan('free'), plan('pro')]))
      .then(upserted(plan('pro'))));

  it('says nothing when all are there', () =>
    given(created({ properties: [plan('pro')] }))
      .when(upsertProperties(ID, [plan('pro')]))
      .thenNothing());

  it('lets a full identity change what it has, and refuses one more', () => {
    const full = given(created({ properties: numbered(MAX_ENTRIES) }));
    const [first] = numbered(1);
    full
      .when(upsertProperties(ID, [{ ...first, value: -1 } as IdentityProperty]))
      .then(upserted({ ...first, value: -1 } as IdentityProperty));
    full.when(upsertProperties(ID, [plan('pro')])).thenThrows(IdentityLimitError);
  });

  it('finds no unknown identity', () =>
    given()
      .when(upsertProperties(ID, [plan('pro')]))
      .thenThrows(IdentityNotFoundError));
});

describe('removing a property', () => {
  it('removes it', () =>
    given(created({ properties: [plan('pro')] }))
      .when(removeProperty(ID, 'plan'))
      .then({ type: 'IdentityPropertyRemoved', data: { identityId: ID, key: 'plan' } }));

  it('says nothing when it is not there', () =>
    given(created(), upserted(plan('pro')), {
      type: 'IdentityPropertyRemoved',
      data: { identityId: ID, key: 'plan' },
    })
      .when(removeProperty(ID, 'plan'))
      .thenNothing());

  it('finds no unknown identity', () =>
    given().when(removeProperty(ID, 'plan')).thenThrows(IdentityNotFoundError));
});

describe.each([
  {
    thing: 'an agent',
    attach: attachAgent,
    detach: detachAgent,
    attached: { type: 'IdentityAgentAttached', data: { identityId: 'i-1', agentId: 'x-1' } },
    detached: { type: 'IdentityAgentDetached', data: { identityId: 'i-1', agentId: 'x-1' } },
    full: { agentIds: Array.from({ length: MAX_ENTRIES }, (_, n) => `agent-${n}`) },
  },
  {
    thing: 'a block',
    attach: attachBlock,
    detach: detachBlock,
    attached: { type: 'IdentityBlockAttached', data: { identityId: 'i-1', blockId: 'x-1' } },
    detached: { type: 'IdentityBlockDetached', data: { identityId: 'i-1', blockId: 'x-1' } },
    full: { blockIds: Array.from({ length: MAX_ENTRIES }, (_, n) => `block-${n}`) },
  },
] satisfies ReferenceCase[])('attaching $thing', ({ attach, detach, attached, detached, full }) => {
  it('attaches it', () => given(created()).when(attach(ID, 'x-1')).then(attached));
  it('says nothing when it is attached', () =>
    given(created(), attached).when(attach(ID, 'x-1')).thenNothing());
  it('detaches it', () => given(created(), attached).when(detach(ID, 'x-1')).then(detached));
  it('says nothing when it is detached', () =>
    given(created(), attached, detached).when(detach(ID, 'x-1')).thenNothing());
  it('refuses one more than an identity holds', () =>
    given(created(full)).when(attach(ID, 'x-1')).thenThrows(IdentityLimitError));
  it('finds no deleted identity', () => {
    given(created(), deleted()).when(attach(ID, 'x-1')).thenThrows(IdentityNotFoundError);
    given(created(), deleted()).when(detach(ID, 'x-1')).thenThrows(IdentityNotFoundError);
  });
});

describe('deleting an identity', () => {
  it('deletes it', () => given(created()).when(deleteIdentity(ID)).then(deleted()));

  it('remembers into which one it was merged', () =>
    given(created())
      .when(deleteIdentity(ID, 'i-2'))
      .then({ type: 'IdentityDeleted', data: { identityId: ID, mergedInto: 'i-2' } }));

  it('finds none that is deleted already', () =>
    given(created(), deleted()).when(deleteIdentity(ID)).thenThrows(IdentityNotFoundError));
});

describe('the state of an identity', () => {
  it('keeps properties in the order their keys first came', () =>
    expect(
      keysAfter(created({ properties: [plan('free'), seats(1)] }), upserted(vip(true), plan('pro'))),
    ).toEqual(['plan', 'seats', 'vip']));

  it('ignores facts about an identity that is gone', () =>
    expect(fold(identityDecider, [created(), deleted(), upserted(plan('pro'))])).toEqual({
      status: 'deleted',
    }));
});

interface ReferenceCase {
  thing: string;
  attach: typeof attachAgent;
  detach: typeof detachAgent;
  attached: IdentityEvent;
  detached: IdentityEvent;
  full: Partial<NewIdentity>;
}

const ID = 'i-1';
const ada: NewIdentity = { projectId: null, identifierKey: 'ada', name: 'Ada', identityType: 'user' };

const create = (given: Partial<NewIdentity> = {}) => createIdentity(ID, { ...ada, ...given });
const modify = (patch: Parameters<typeof modifyIdentity>[1]) => modifyIdentity(ID, patch);
const replace = (given: Partial<NewIdentity> = {}) => replaceIdentity(ID, { ...ada, ...given });

function created(given: Partial<NewIdentity> = {}): IdentityCreated {
  const { properties = [], agentIds = [], blockIds = [], ...fields } = { ...ada, ...given };
  return { type: 'IdentityCreated', data: { identityId: ID, ...fields, properties, agentIds, blockIds } };
}
const modified = (changes: IdentityChanges): IdentityEvent => ({
  type: 'IdentityModified',
  data: { identityId: ID, changes },
});
const upserted = (...properties: IdentityProperty[]): IdentityEvent => ({
  type: 'IdentityPropertiesUpserted',
  data: { identityId: ID, properties },
});
const deleted = (): IdentityEvent => ({ type: 'IdentityDeleted', data: { identityId: ID } });

function plan(value: string): IdentityProperty {
  return { key: 'plan', type: 'string', value };
}
function seats(value: number): IdentityProperty {
  return { key: 'seats', type: 'number', value };
}
function vip(value: boolean): IdentityProperty {
  return { key: 'vip', type: 'boolean', value };
}
function address(value: object): IdentityProperty {
  return { key: 'address', type: 'json', value: value as JsonObject };
}
const numbered = (count: number): IdentityProperty[] =>
  Array.from({ length: count }, (_, n) => ({ key: `p${n}`, type: 'number', value: n }));

function keysAfter(...events: IdentityEvent[]): string[] {
  const state = fold(identityDecider, events);
  return state.status === 'live' ? [...state.properties.keys()] : [];
}
