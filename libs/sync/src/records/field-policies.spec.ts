import { describe, expect, it } from '@jest/globals';
import type { FieldOrigin, Identity, IdentityProperty } from '#identity';
import { allowedBy, type FieldPolicies, hashUnder } from './field-policies.js';
import { type MirroredIdentity, mirrorIdentity } from './mirrored-identity.js';

const US = 'connection:us';
const NOON = '2026-06-01T12:00:00.000Z';
const before = new Date('2026-06-01T11:59:59.999Z');
const after = new Date('2026-06-01T12:00:00.001Z');

describe('a field that was changed here', () => {
  it.each([
    ['source_wins', before, 'Record'],
    ['local_wins', after, 'Local'],
    ['newest_wins', after, 'Record'],
    ['newest_wins', before, 'Local'],
    ['newest_wins', null, 'Local'],
  ] as const)('under %s, by a record of %s, is then: %s', (policy, updatedAt, name) => {
    const { mirrored, kept } = allowed({ name: policy }, { name: origin('key:1') }, updatedAt);
    expect(mirrored.name).toBe(name);
    expect(kept).toEqual(name === 'Local' ? ['name'] : []);
  });

  it('is the source’s when no policy names it', () => {
    expect(allowed({}, { name: origin('key:1') }).mirrored.name).toBe('Record');
  });

  it('is the source’s when we changed it last ourselves', () => {
    expect(allowed({ name: 'local_wins' }, { name: origin(US) }).mirrored.name).toBe('Record');
  });

  it('is kept also when another connection changed it', () => {
    expect(allowed({ name: 'local_wins' }, { name: origin('connection:other') }).kept).toEqual(['name']);
  });

  it('is not spoken of when the record says the same', () => {
    const same = { ...RECORD, name: 'Local' };
    expect(allowed({ name: 'local_wins' }, { name: origin('key:1') }, after, same).kept).toEqual([]);
  });
});

describe('a property', () => {
  const policies = { 'properties.plan': 'local_wins' } as const;
  const changed = (result: ReturnType<typeof allowed>) =>
    mirrorIdentity(
      'i',
      result.mirrored,
      result.owned,
    )(IDENTITY).flatMap(({ data }) => ('changes' in data ? [data.changes.properties] : []));

  it('that was changed here keeps its value, and the others follow the record', () => {
    const result = allowed(policies, { 'properties.plan': origin('key:1') });
    expect(result.kept).toEqual(['properties.plan']);
    expect(changed(result)).toEqual([{ set: [text('city', 'Paris')], removed: [] }]);
  });

  it('that was taken away here stays away', () => {
    const gone = origin('key:1', true);
    const result = allowed({ 'properties.city': 'local_wins' }, { 'properties.city': gone });
    expect(result.kept).toEqual(['properties.city']);
    expect(changed(result)).toEqual([{ set: [text('plan', 'pro')], removed: [] }]);
  });

  it('that the record no longer has stays, when it was given here', () => {
    const without = { ...RECORD, properties: [text('city', 'Paris')] };
    const result = allowed(policies, { 'properties.plan': origin('key:1') }, after, without);
    expect(result.kept).toEqual(['properties.plan']);
    expect(changed(result)).toEqual([{ set: [text('city', 'Paris')], removed: [] }]);
  });
});

it('the identity type can be kept, too', () => {
  const { mirrored, kept } = allowed({ identity_type: 'local_wins' }, { identity_type: origin('key:1') });
  expect([mirrored.identityType, kept]).toEqual(['org', ['identity_type']]);
});

it('an identity that is not there keeps nothing', () => {
  const ownership = { policies: { name: 'local_wins' }, provenance: new Map(), actor: US } as const;
  const result = allowedBy({ ...ownership, updatedAt: null }, RECORD, OWNED, { status: 'deleted' });
  expect(result).toEqual({ mirrored: RECORD, owned: OWNED, kept: [] });
});

describe('the hash of a record', () => {
  const hash = Buffer.alloc(32, 1);
  it('is its own under policies that say nothing', () => {
    expect(hashUnder(undefined, hash)).toBe(hash);
    expect(hashUnder({}, hash)).toBe(hash);
    expect(hashUnder({ name: 'source_wins' }, hash)).toBe(hash);
  });
  it('changes with the policies, and not with their order', () => {
    const one = hashUnder({ name: 'local_wins', identity_type: 'newest_wins' }, hash);
    expect(one.equals(hash)).toBe(false);
    expect(hashUnder({ identity_type: 'newest_wins', name: 'local_wins' }, hash)).toEqual(one);
    expect(hashUnder({ name: 'newest_wins' }, hash)).not.toEqual(one);
  });
});

const text = (key: string, value: string): IdentityProperty => ({ key, type: 'string', value });
const OWNED = new Set(['plan', 'city']);
const RECORD: MirroredIdentity = {
  identifierKey: 'a',
  name: 'Record',
  identityType: 'user',
  properties: [text('plan', 'pro'), text('city', 'Paris')],
};
const IDENTITY: Identity = {
  status: 'live',
  projectId: null,
  identifierKey: 'a',
  name: 'Local',
  identityType: 'org',
  properties: new Map([['plan', text('plan', 'free')]]),
  agentIds: [],
  blockIds: [],
};

const origin = (actor: string, removed = false): FieldOrigin => ({
  actor,
  source: 'rest',
  eventId: 'e',
  version: 2,
  at: NOON,
  removed,
});

const allowed = (
  policies: FieldPolicies,
  origins: Record<string, FieldOrigin>,
  updatedAt: Date | null = after,
  record: MirroredIdentity = RECORD,
) =>
  allowedBy(
    { policies, provenance: new Map(Object.entries(origins)), actor: US, updatedAt },
    record,
    OWNED,
    IDENTITY,
  );
