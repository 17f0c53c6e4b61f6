import { describe, expect, it } from '@jest/globals';
import type { MappingResult } from '../mapping/mapped-identity.js';
import type { MappingDocument } from '../mapping/mapping.schema.js';
import { mapOne } from '../testing/map-one.js';
import { pathsRead } from '../testing/paths-read.js';
import { isKnownProperty } from './fake/property-definitions.js';
import { companyMapping, contactMapping, DEFAULT_PROPERTIES } from './hubspot.mapping.js';
import { readRecords } from './hubspot.records.js';

const contacts = { map: mapperOf('contacts', contactMapping) };
const companies = { map: mapperOf('companies', companyMapping) };

describe('default mapping of contacts', () => {
  it('makes a user known by the e-mail address in lower case', async () => {
    const properties = {
      email: '  Ada@X.Example ',
      firstname: 'Ada',
      lastname: 'Lovelace',
      jobtitle: '',
      phone: null,
    };
    expect(await contacts.map({ id: '512', properties })).toEqual({
      ok: true,
      identity: {
        identifierKey: 'ada@x.example',
        name: 'Ada Lovelace',
        identityType: 'user',
        properties: [
          { key: 'hubspot_id', type: 'string', value: '512' },
          { key: 'email', type: 'string', value: '  Ada@X.Example ' },
          { key: 'first_name', type: 'string', value: 'Ada' },
          { key: 'last_name', type: 'string', value: 'Lovelace' },
        ],
      },
    });
  });

  it.each([{}, { email: null }, { email: '' }, { email: '   ' }])(
    'falls back to the record id for %j',
    async (properties) => {
      expect(await contacts.map({ id: '512', properties })).toMatchObject({
        identity: { identifierKey: 'hubspot-contact-512', name: 'HubSpot contact 512' },
      });
    },
  );

  it.each([
    [{ firstname: 'Ada', lastname: null }, 'Ada'],
    [{ firstname: ' ', lastname: 'Lovelace' }, 'Lovelace'],
    [{ firstname: null, lastname: '', email: 'a@x.example' }, 'a@x.example'],
  ])('names %j %s', async (properties, name) => {
    expect(await contacts.map({ id: '1', properties })).toMatchObject({ identity: { name } });
  });
});

describe('email_verified of a contact', () => {
  const verified = async (status: string | null) => {
    const result = await contacts.map({ id: '1', properties: { hs_emailconfirmationstatus: status } });
    const { properties } = (result as MappingResult & { ok: true }).identity;
    return properties.find(({ key }) => key === 'email_verified')?.value;
  };

  it.each(['Confirmed', 'User clicked confirmation'])(
    'is true where the person clicked: %s',
    async (status) => expect(await verified(status)).toBe(true),
  );

  it.each([
    'Confirmation Pending',
    'Confirmation Email Sent',
    'Customer marked confirmed',
    'Confirmed from previous behavior',
  ])('is false where the person did not: %s', async (status) => expect(await verified(status)).toBe(false));

  it.each([null, ''])('is not there where nobody was asked: %j', async (status) =>
    expect(await verified(status)).toBeUndefined(),
  );
});

describe('default mapping of companies', () => {
  it('makes an organisation known by its domain, with numbers as numbers', async () => {
    const properties = { name: 'Acorn', domain: 'Acorn.Example', numberofemployees: '12', annualrevenue: '' };
    expect(await companies.map({ id: '9', properties })).toMatchObject({
      identity: {
        identifierKey: 'acorn.example',
        name: 'Acorn',
        identityType: 'org',
        properties: expect.arrayContaining([{ key: 'number_of_employees', type: 'number', value: 12 }]),
      },
    });
  });

  it('falls back to the record id', async () => {
    expect(await companies.map({ id: '9', properties: { domain: null, name: null } })).toMatchObject({
      identity: { identifierKey: 'hubspot-company-9', name: 'HubSpot company 9' },
    });
  });

  it('names the field that does not fit', async () => {
    expect(await companies.map({ id: '9', properties: { numberofemployees: 'many' } })).toEqual({
      ok: false,
      errors: [
        {
          field: 'properties.number_of_employees',
          code: 'EXPRESSION_FAILED',
          reason: 'failed: a value cannot be read as a number (D3030)',
        },
      ],
    });
  });
});

it.each([
  ['contacts', contactMapping],
  ['companies', companyMapping],
] as const)(
  'asks HubSpot for the properties that the default mapping of %s reads, and for no other',
  (stream, mapping) => {
    const read = pathsRead(mapping).filter((path) => path.startsWith('properties.'));
    expect(DEFAULT_PROPERTIES[stream].map((name) => `properties.${name}`).sort()).toEqual(read);
  },
);

it.each(['contacts', 'companies'] as const)('has a fake that knows what it asks for of %s', (stream) =>
  expect(DEFAULT_PROPERTIES[stream].filter((name) => !isKnownProperty(stream, name))).toEqual([]),
);

/** As in a run: the record is read first, then mapped. */
function mapperOf(stream: 'contacts' | 'companies', document: MappingDocument) {
  return (item: unknown) => mapOne(document, readRecords(stream, [item], false).records[0]?.raw);
}
