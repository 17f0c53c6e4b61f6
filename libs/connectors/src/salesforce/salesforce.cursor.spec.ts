import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { salesforceCursorSchema, upperBound, windowClause, windowOf } from './salesforce.cursor.js';
import { isSalesforceId, to18 } from './salesforce.ids.js';
import { idList } from './salesforce.query.js';
import { salesforceConfigSchema, salesforceSecretsSchema } from './salesforce.settings.js';

const ID = '0035g00000ABCdEAAX';

describe('Salesforce ids', () => {
  it('have one form of eighteen characters', () => {
    expect(to18('0035g00000ABCdE')).toBe(ID);
    expect(to18(ID)).toBe(ID);
  });

  it('are told apart by case, which the three last characters spell out', () =>
    fc.assert(
      fc.property(idOf15, idOf15, (a, b) => {
        expect(isSalesforceId(to18(a))).toBe(true);
        expect(to18(a).toLowerCase() === to18(b).toLowerCase()).toBe(a === b);
      }),
    ));

  it.each(['', '999', '0035g00000ABCdEAAY', "0035g00000ABCd'", '0035g00000ABCdEAAXX'])('are not %j', (id) =>
    expect(isSalesforceId(id)).toBe(false),
  );
});

describe('Salesforce cursor', () => {
  it('takes the lookback at the start of a pass, and not again in its middle', () => {
    expect(windowOf({ kind: 'idle', since: '2026-09-01T10:00:00.000Z' }, 600)).toEqual({
      from: '2026-09-01T09:50:00.000Z',
      to: null,
      after: null,
    });
    const middle = { from: FROM, to: TO, after: { at: TO, id: ID } };
    expect(windowOf({ kind: 'changes', ...middle }, 600)).toEqual(middle);
    expect(windowOf({ kind: 'backfill', startedAt: FROM, afterId: ID }, 600)).toBeNull();
  });

  it('is inclusive below, exclusive above, and goes on behind one record of a second', () => {
    expect(windowClause({ from: FROM, to: null, after: null })).toBe(`SystemModstamp >= ${FROM}`);
    expect(windowClause({ from: FROM, to: TO, after: { at: FROM, id: ID } })).toBe(
      `((SystemModstamp = ${FROM} AND Id > '${ID}') OR SystemModstamp > ${FROM}) AND SystemModstamp < ${TO}`,
    );
  });

  it('leaves the second out that is still filling', () =>
    expect(upperBound(new Date('2026-09-01T10:00:05.000Z'))).toBe('2026-09-01T10:00:03.000Z'));

  it('refuses what could be no place of ours', () => {
    for (const cursor of [
      { kind: 'backfill', startedAt: FROM, afterId: "x' OR Id > '" },
      { kind: 'changes', from: FROM, to: 'now', after: { at: FROM, id: ID } },
      { kind: 'other' },
    ])
      expect(salesforceCursorSchema.safeParse(cursor).success).toBe(false);
  });
});

describe('Salesforce settings', () => {
  it.each(['Email; DELETE', "a'b", 'a b', '(SELECT Id FROM Contacts)', ''])('refuse the field %j', (name) =>
    expect(salesforceConfigSchema.safeParse({ fields: { contacts: [name] } }).success).toBe(false),
  );

  it.each(['Level__c', 'Account.Name', 'Owner.Profile.Name'])('take the field %s', (name) =>
    expect(salesforceConfigSchema.safeParse({ fields: { contacts: [name] } }).success).toBe(true),
  );

  it('refuse more names than fit into a URL', () => {
    const contacts = Array.from({ length: 100 }, (_, n) => `F${'x'.repeat(66)}${n}__c`);
    expect(salesforceConfigSchema.safeParse({ fields: { contacts } }).success).toBe(false);
  });

  it('want credentials that lead to a token', () => {
    const app = { clientId: 'a', clientSecret: 'b' };
    for (const secrets of [{ accessToken: 'a' }, app, { clientId: 'a', username: 'b', privateKey: 'c' }])
      expect(salesforceSecretsSchema.safeParse(secrets).success).toBe(true);
    for (const secrets of [{}, { clientId: 'a' }, { refreshToken: 'a' }, { ...app, webhookSecret: 'short' }])
      expect(salesforceSecretsSchema.safeParse(secrets).success).toBe(false);
  });
});

it('a value in a list of ids cannot leave its quotes', () =>
  expect(idList(["a'b", 'c\\'])).toBe("('a\\'b', 'c\\\\')"));

const FROM = '2026-09-01T09:50:00.000Z';
const TO = '2026-09-01T10:00:00.000Z';
const idOf15 = fc.stringMatching(/^[A-Za-z0-9]{15}$/);
