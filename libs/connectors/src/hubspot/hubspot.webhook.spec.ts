import { describe, expect, it } from '@jest/globals';
import { hubSpotWebhook } from './hubspot.webhook.js';

describe('HubSpot webhook events', () => {
  it('says which record to fetch, for which account, under which key', () => {
    expect(
      signals({ subscriptionType: 'contact.propertyChange', propertyName: 'email', changeSource: 'IMPORT' }),
    ).toEqual([
      {
        stream: 'contacts',
        id: '123',
        kind: 'upsert',
        account: '62515',
        occurredAt: '2019-07-26T04:00:00.000Z',
        dedupKey: '62515:12345:123:email:1564113600000:1',
        origin: 'IMPORT',
      },
    ]);
  });

  it('gives a repeated delivery the key it had before', () => {
    const keyOf = (changes: object) => signals(changes).map(({ dedupKey }) => dedupKey);
    expect(keyOf({ attemptNumber: 4 })).toEqual(keyOf({ attemptNumber: 0 }));
    expect(keyOf({ occurredAt: 1564113600001 })).not.toEqual(keyOf({}));
  });

  it.each([
    ['contact.creation', 'contacts', 'upsert'],
    ['contact.deletion', 'contacts', 'delete'],
    ['contact.restore', 'contacts', 'restore'],
    ['company.propertyChange', 'companies', 'upsert'],
    ['company.deletion', 'companies', 'delete'],
  ])('reads %s as %s %s', (subscriptionType, stream, kind) => {
    expect(signals({ subscriptionType })).toMatchObject([{ stream, kind, id: '123' }]);
  });

  it('reads eventType where subscriptionType is missing', () => {
    expect(signals({ eventType: 'contact.creation' })).toMatchObject([{ kind: 'upsert' }]);
  });

  it('reads generic subscriptions by their object type', () => {
    expect(signals({ subscriptionType: 'object.creation', objectTypeId: '0-2' })).toMatchObject([
      { stream: 'companies' },
    ]);
    expect(signals({ subscriptionType: 'object.creation', objectTypeId: '0-3' })).toEqual([]);
  });

  it('marks a privacy deletion for erasure', () => {
    expect(signals({ subscriptionType: 'contact.privacyDeletion' })).toMatchObject([
      { kind: 'delete', erase: true },
    ]);
  });

  it('refetches the record whose association changed', () => {
    const event = {
      subscriptionType: 'contact.associationChange',
      objectId: undefined,
      fromObjectId: 7,
      toObjectId: 8,
    };
    expect(signals(event)).toMatchObject([{ stream: 'contacts', id: '7', kind: 'upsert' }]);
  });

  it('leads both merged records to the new id', () => {
    const merge = { primaryObjectId: 1, mergedObjectIds: [2], newObjectId: 3, objectId: 3 };
    expect(signals({ subscriptionType: 'contact.merge', ...merge })).toMatchObject([
      { id: '3', kind: 'upsert' },
      { id: '2', kind: 'merge', mergedInto: '3' },
      { id: '1', kind: 'merge', mergedInto: '3' },
    ]);
  });

  it('leads the loser to the primary record when no new id is made', () => {
    const merge = { primaryObjectId: 1, mergedObjectIds: [2, 4], objectId: 1 };
    expect(signals({ subscriptionType: 'company.merge', ...merge })).toMatchObject([
      { id: '1', kind: 'upsert' },
      { id: '2', kind: 'merge', mergedInto: '1' },
      { id: '4', kind: 'merge', mergedInto: '1' },
    ]);
  });

  it('passes over objects it does not sync and actions it does not know', () => {
    expect(signals({ subscriptionType: 'deal.creation' })).toEqual([]);
    expect(signals({ subscriptionType: 'contact.newThing' })).toEqual([]);
  });

  it.each([
    { subscriptionType: 'constructor.creation' },
    { subscriptionType: 'contact.constructor' },
    { subscriptionType: 'contact.__proto__' },
    { subscriptionType: 'object.creation', objectTypeId: 'toString' },
  ])('has nothing to say about %p', (changes) => expect(signals(changes)).toEqual([]));

  it('does not take the name of an associated type for one of its streams', () => {
    const ends = { fromObjectId: 7, toObjectId: 8, associationType: 'CONTACT_TO_CONSTRUCTOR' };
    expect(signals({ subscriptionType: 'contact.associationChange', ...ends })).toMatchObject([{ id: '7' }]);
  });

  it('rejects a bad event alone', () => {
    const parsed = parse(JSON.stringify([{ portalId: 'x' }, event({}), null]));
    expect(parsed.signals).toHaveLength(1);
    expect(parsed.rejected.map(({ index }) => index)).toEqual([0, 2]);
  });

  it('does not quote the body when it is not JSON', () => {
    expect(() => parse('secret@x.example')).toThrow('The webhook body is not JSON');
  });
});

function signals(changes: object) {
  return parse(JSON.stringify([event(changes)])).signals;
}

function parse(body: string) {
  const delivery = { method: 'POST', url: 'https://rollcall.example', tail: '', headers: {} };
  return hubSpotWebhook.parse({ ...delivery, rawBody: Buffer.from(body) });
}

function event(changes: object) {
  const type = 'eventType' in changes ? {} : { subscriptionType: 'contact.creation' };
  return {
    eventId: 1,
    subscriptionId: 12345,
    portalId: 62515,
    occurredAt: 1564113600000,
    objectId: 123,
    ...type,
    ...changes,
  };
}
