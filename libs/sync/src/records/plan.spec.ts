import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '#event-sourcing';
import { createIdentity, type Identity, identityDecider, type LiveIdentity } from '#identity';
import type { Link } from '../links/link.js';
import { contentHash, type MirroredIdentity } from './mirrored-identity.js';
import type { Observation, Present } from './observation.js';
import { type Circumstances, type Held, type Plan, plan } from './plan.js';

describe('a record nobody knows', () => {
  it('becomes an identity, linked to it', () => {
    const made = planned(present(), nothing());
    expect(made).toMatchObject({ action: 'create', identityId: NEW, events: [{ type: 'IdentityCreated' }] });
    expect(made.links).toMatchObject([{ externalId: '1', identityId: NEW, tombstonedAt: null }]);
  });

  it('takes over an identity that has its key and no record yet', () => {
    const identity = live({ name: 'Made by hand', properties: [text('plan', 'pro')] });
    const made = planned(present(), nothing({ holder: { identityId: MINE, identity, bound: false } }));
    expect(made).toMatchObject({ action: 'update', code: 'MATCHED_BY_KEY', identityId: MINE });
    expect(applied(identity, made)).toMatchObject({ name: 'Ada' });
    expect(propertiesOf(applied(identity, made))).toEqual({ plan: 'pro', job: 'Analyst' });
  });

  it('is a conflict when another record of the connection has the key', () => {
    const holder = { identityId: OTHER, identity: live(), bound: true };
    expect(planned(present(), nothing({ holder }))).toMatchObject({
      action: 'conflict',
      code: 'IDENTIFIER_KEY_TAKEN',
      events: [],
      links: [],
    });
  });

  it('says nothing when it is gone, or was merged', () => {
    expect(plan({ kind: 'gone', id: '1' }, nothing(), circumstances())).toBeNull();
    expect(plan({ kind: 'merged', id: '1', into: '2' }, nothing(), circumstances())).toBeNull();
  });
});

describe('a record that is linked', () => {
  it('changes only what the mapping owns, and removes what the source emptied', () => {
    const identity = live({ properties: [text('job', 'Analyst'), text('phone', '1'), text('plan', 'pro')] });
    const made = planned(present({ properties: [text('job', 'Captain')] }), linked({ identity }));
    expect(made.action).toBe('update');
    expect(propertiesOf(applied(identity, made))).toEqual({ plan: 'pro', job: 'Captain' });
  });

  it('is unchanged when its hash is, without a look at the identity', () => {
    const record = present();
    const identity = live({ name: 'Renamed by hand' });
    const made = planned(record, linked({ identity, link: link({ contentHash: record.hash }) }));
    expect(made).toMatchObject({ action: 'unchanged', events: [] });
  });

  it('is unchanged when the identity is what the record says already', () => {
    expect(planned(present(), linked())).toMatchObject({ action: 'unchanged', events: [] });
  });

  it('changes the key of the same identity', () => {
    const made = planned(present({ identifierKey: 'new@x.example' }), linked());
    expect(made).toMatchObject({ action: 'key_change', identityId: MINE });
    expect(applied(live(), made)).toMatchObject({ identifierKey: 'new@x.example' });
  });

  it.each([true, false])('is a conflict when another identity has its new key (bound: %s)', (bound) => {
    const holder = { identityId: OTHER, identity: live({ identifierKey: 'new@x.example' }), bound };
    const made = planned(present({ identifierKey: 'new@x.example' }), linked({ holder }));
    expect(made).toMatchObject({ action: 'conflict', identityId: MINE, events: [], links: [] });
  });

  it('is stale when the source changed it before what we hold', () => {
    const record = present({}, { updatedAt: at(9) });
    expect(planned(record, linked({ link: link({ sourceUpdatedAt: at(10) }) }))).toMatchObject({
      action: 'stale',
      events: [],
      links: [],
    });
  });

  it('is stale when we asked before what we hold was asked for', () => {
    const held = linked({ link: link({ seenAt: at(13) }) });
    expect(planned(present({ name: 'Old' }), held).action).toBe('stale');
    expect(planned({ kind: 'gone', id: '1' }, held).action).toBe('stale');
  });

  it('is newer, whenever we asked, when the source says so', () => {
    const held = linked({ link: link({ seenAt: at(13) }) });
    expect(planned(present({ name: 'New' }, { updatedAt: at(11) }), held).action).toBe('update');
  });
});

describe('a record that goes', () => {
  const gone: Observation = { kind: 'gone', id: '1' };

  it('takes its identity along and leaves a tombstone', () => {
    const made = planned(gone, linked());
    expect(made).toMatchObject({ action: 'delete', events: [{ type: 'IdentityDeleted' }] });
    expect(made.links).toMatchObject([{ externalId: '1', tombstonedAt: NOON, contentHash: null }]);
  });

  it('leaves an identity that another connection mirrors', () => {
    expect(planned(gone, linked({ shared: true }))).toMatchObject({
      action: 'delete',
      code: 'STILL_MIRRORED',
      events: [],
    });
  });

  it('says nothing the second time', () => {
    expect(plan(gone, linked({ link: tombstone() }), circumstances())).toBeNull();
  });

  it('gets the same identity back when it returns', () => {
    const held = linked({ link: tombstone(), identity: { status: 'deleted' }, holder: undefined });
    const made = planned(present(), held);
    expect(made).toMatchObject({ action: 'create', code: 'RESTORED', identityId: MINE });
    expect(made.links).toMatchObject([{ identityId: MINE, tombstonedAt: null }]);
  });

  it('is a conflict when its key was given away meanwhile', () => {
    const holder = { identityId: OTHER, identity: live(), bound: false };
    const held = linked({ link: tombstone(), identity: { status: 'deleted' }, holder });
    expect(planned(present(), held).action).toBe('conflict');
  });
});

describe('a record that was merged', () => {
  const merged: Observation = { kind: 'merged', id: '1', into: '2' };

  it('ends its identity in the one of the winner', () => {
    const made = planned(merged, linked({ winner: link({ externalId: '2', identityId: OTHER }) }));
    expect(made).toMatchObject({
      action: 'merge',
      events: [{ type: 'IdentityDeleted', data: { mergedInto: OTHER } }],
      links: [{ externalId: '1', identityId: OTHER, mergedInto: '2' }],
    });
  });

  it('hands its identity down when the winner has none', () => {
    const made = planned(merged, linked());
    expect(made).toMatchObject({ action: 'merge', events: [] });
    expect(made.links).toMatchObject([
      { externalId: '1', mergedInto: '2' },
      { externalId: '2', identityId: MINE, mergedInto: null, contentHash: null },
    ]);
  });

  it('says nothing the second time', () => {
    expect(plan(merged, linked({ link: link({ mergedInto: '2' }) }), circumstances())).toBeNull();
  });
});

describe('a record that cannot be an identity', () => {
  it('is invalid with its reason, and changes nothing', () => {
    const bad = {
      kind: 'unusable',
      id: '1',
      code: 'MISSING',
      reason: 'name is empty',
      raw: {},
      retriable: true,
    } as const;
    expect(planned(bad, linked())).toMatchObject({
      action: 'invalid',
      code: 'MISSING',
      reason: 'name is empty',
      events: [],
      links: [],
    });
  });

  it('is invalid when the identity would hold too much', () => {
    const properties = Array.from({ length: 1_000 }, (_, n) => text(`local-${n}`, 'x'));
    const made = planned(present(), linked({ identity: live({ properties }) }));
    expect(made).toMatchObject({ action: 'invalid', code: 'IDENTITY_LIMIT', events: [] });
  });
});

describe('whatever comes', () => {
  it('is unchanged when it is planned again on what the first plan left', () => {
    fc.assert(
      fc.property(records, fc.option(records, { nil: undefined }), (first, before) => {
        const identity: Identity = before ? live(before) : { status: 'unknown' };
        const record = present(first);
        const made = planned(record, before ? linked({ identity, link: link() }) : nothing());
        const held = linked({ identity: applied(identity, made), link: made.links[0] ?? link() });
        expect(planned(record, held)).toMatchObject({ action: 'unchanged', events: [] });
      }),
    );
  });

  it('leaves the identity as the record has it, and other properties as they were', () => {
    fc.assert(
      fc.property(records, records, (now, before) => {
        const identity = live({ ...before, properties: [...before.properties, text('local', 'kept')] });
        const is = applied(identity, planned(present(now), linked({ identity })));
        expect(is).toMatchObject({ name: now.name, identifierKey: now.identifierKey });
        const wanted = Object.fromEntries(now.properties.map(({ key, value }) => [key, value]));
        expect(propertiesOf(is)).toEqual({ ...wanted, local: 'kept' });
      }),
    );
  });

  it('has one hash for one content, whatever the order', () => {
    fc.assert(
      fc.property(records, (record) => {
        const turned = { ...record, properties: [...record.properties].reverse() };
        expect(contentHash(turned).equals(contentHash(record))).toBe(true);
        expect(contentHash({ ...record, name: `${record.name}!` }).equals(contentHash(record))).toBe(false);
      }),
    );
  });
});

const MINE = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const NEW = '33333333-3333-4333-8333-333333333333';
const at = (hour: number): Date => new Date(Date.UTC(2026, 8, 1, hour));
const NOON = at(12);

const text = (key: string, value: string) => ({ key, type: 'string', value }) as const;

const ADA: MirroredIdentity = {
  identifierKey: 'ada@x.example',
  name: 'Ada',
  identityType: 'user',
  properties: [text('job', 'Analyst')],
};

const records: fc.Arbitrary<MirroredIdentity> = fc.record({
  identifierKey: fc.constantFrom('a@x.example', 'b@x.example'),
  name: fc.constantFrom('Ada', 'Grace'),
  identityType: fc.constantFrom('user', 'org'),
  properties: fc
    .dictionary(fc.constantFrom('job', 'phone'), fc.constantFrom('1', '2'))
    .map((entries) => Object.entries(entries).map(([key, value]) => text(key, value))),
});

function present(fields: Partial<MirroredIdentity> = {}, more: Partial<Present> = {}): Present {
  const mirrored = { ...ADA, ...fields };
  const hash = contentHash(mirrored);
  return {
    kind: 'present',
    id: '1',
    updatedAt: at(10),
    mirrored,
    hash,
    fingerprint: null,
    mergedIds: [],
    raw: {},
    ...more,
  };
}

function live(fields: Partial<MirroredIdentity> = {}): LiveIdentity {
  const events = createIdentity(MINE, { ...ADA, ...fields, projectId: null })({ status: 'unknown' });
  return fold(identityDecider, events) as LiveIdentity;
}

const link = (fields: Partial<Link> = {}): Link => ({
  externalId: '1',
  identityId: MINE,
  sourceUpdatedAt: at(10),
  contentHash: null,
  fingerprint: null,
  seenAt: at(11),
  tombstonedAt: null,
  mergedInto: null,
  hold: null,
  ...fields,
});

const tombstone = (): Link => link({ tombstonedAt: at(11) });

const nothing = (fields: Partial<Held> = {}): Held => ({
  link: undefined,
  identity: { status: 'unknown' },
  shared: false,
  holder: undefined,
  winner: undefined,
  ...fields,
});

const linked = (fields: Partial<Held> = {}): Held => nothing({ link: link(), identity: live(), ...fields });

const circumstances = (): Circumstances => ({
  askedAt: NOON,
  newIdentityId: NEW,
  projectId: null,
  owned: new Set(['job', 'phone']),
});

function planned(observation: Observation, held: Held): Plan {
  const made = plan(observation, held, circumstances());
  if (!made) throw new Error('There is nothing to say');
  return made;
}

const applied = (identity: Identity, { events }: Plan): Identity => fold(identityDecider, events, identity);

const propertiesOf = (identity: Identity): Record<string, unknown> =>
  identity.status === 'live'
    ? Object.fromEntries([...identity.properties.values()].map(({ key, value }) => [key, value]))
    : {};
