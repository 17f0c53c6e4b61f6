import { describe, expect, it } from '@jest/globals';
import { mapOne } from '../testing/map-one.js';
import { pathsRead } from '../testing/paths-read.js';
import { accountMapping, contactMapping, DEFAULT_FIELDS, leadMapping } from './salesforce.mapping.js';
import { readRecords, toSourceRecord } from './salesforce.records.js';

const ID = '0035g00000ABCdEAAX';
const MAPPINGS = { contacts: contactMapping, accounts: accountMapping, leads: leadMapping };

describe('default mappings of Salesforce', () => {
  it('know a contact by its address in lower case', async () => {
    const identity = await mapped('contacts', {
      Email: ' Ada@X.example',
      FirstName: 'Ada',
      LastName: 'King',
      Title: 'Captain',
    });
    expect(identity).toMatchObject({
      identifierKey: 'ada@x.example',
      name: 'Ada King',
      identityType: 'user',
    });
    expect(identity.properties).toContainEqual({ key: 'job_title', type: 'string', value: 'Captain' });
  });

  it.each([
    ['contacts', `salesforce-contact-${ID}`, `Salesforce contact ${ID}`, 'user'],
    ['accounts', `salesforce-account-${ID}`, `Salesforce account ${ID}`, 'org'],
    ['leads', `salesforce-lead-${ID}`, `Salesforce lead ${ID}`, 'user'],
  ] as const)(
    'name one of %s of which nothing is known',
    async (stream, identifierKey, name, identityType) => {
      const empty = Object.fromEntries(DEFAULT_FIELDS[stream].map((field) => [field, null]));
      expect(await mapped(stream, empty)).toEqual({
        identifierKey,
        name,
        identityType,
        properties: [{ key: 'salesforce_id', type: 'string', value: ID }],
      });
    },
  );

  it('keep numbers numbers, and know two accounts of one website apart', async () => {
    const identity = await mapped('accounts', {
      Name: 'Acorn',
      Website: 'acorn.example',
      AnnualRevenue: 12.5,
    });
    expect(identity.identifierKey).toBe(`salesforce-account-${ID}`);
    expect(identity.properties).toContainEqual({ key: 'annual_revenue', type: 'number', value: 12.5 });
  });

  it.each(['contacts', 'accounts', 'leads'] as const)(
    'read of %s what is asked for, and nothing else',
    (stream) => {
      const read = pathsRead(MAPPINGS[stream]).filter((field) => field !== 'Id');
      expect([...DEFAULT_FIELDS[stream]].sort()).toEqual(read);
    },
  );
});

async function mapped(stream: keyof typeof MAPPINGS, fields: object) {
  const item = { Id: ID.slice(0, 15), SystemModstamp: '2026-09-01T10:00:00.000+0000', ...fields };
  const { records: parsed } = readRecords([item], false);
  const [record] = parsed.map((one) => toSourceRecord(stream, one));
  expect(record).toMatchObject({ id: ID, updatedAt: '2026-09-01T10:00:00.000Z' });
  const result = await mapOne(MAPPINGS[stream], record?.raw);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.identity;
}
