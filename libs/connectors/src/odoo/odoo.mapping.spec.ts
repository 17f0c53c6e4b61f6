import { describe, expect, it } from '@jest/globals';
import { mapOne } from '../testing/map-one.js';
import { pathsRead } from '../testing/paths-read.js';
import { DEFAULT_FIELDS, partnerMapping } from './odoo.mapping.js';
import { readRecords } from './odoo.records.js';

describe('default mapping of partners', () => {
  it('makes a user of a person, known by the e-mail address in lower case', async () => {
    const person = {
      name: 'Ada Lovelace',
      email: ' Ada@X.Example',
      phone: false,
      function: 'Engineer',
      is_company: false,
      parent_id: [7, 'Azure Interior'],
      country_id: [20, 'Belgium'],
      vat: false,
    };
    expect(await map(person)).toEqual({
      ok: true,
      identity: {
        identifierKey: 'ada@x.example',
        name: 'Ada Lovelace',
        identityType: 'user',
        properties: [
          { key: 'odoo_id', type: 'string', value: '8' },
          { key: 'email', type: 'string', value: ' Ada@X.Example' },
          { key: 'job_title', type: 'string', value: 'Engineer' },
          { key: 'country', type: 'string', value: 'Belgium' },
          { key: 'parent_id', type: 'string', value: '7' },
          { key: 'company', type: 'string', value: 'Azure Interior' },
        ],
      },
    });
  });

  it('makes an organisation of a company, known by its id whatever its address', async () => {
    const company = {
      name: 'Azure Interior',
      email: 'info@azure.example',
      is_company: true,
      vat: 'BE0477472701',
    };
    expect(await map(company)).toMatchObject({
      identity: { identifierKey: 'odoo-company-8', name: 'Azure Interior', identityType: 'org' },
    });
  });

  it.each([{}, { name: false, email: false }, { name: ' ', email: '' }])(
    'falls back to the record id for %j',
    async (fields) =>
      expect(await map(fields)).toMatchObject({
        identity: { identifierKey: 'odoo-partner-8', name: 'Odoo partner 8', identityType: 'user' },
      }),
  );
});

it('asks Odoo for what the default mapping reads, whether it is archived, and when it changed', () => {
  const read = pathsRead(partnerMapping).filter((field) => field !== 'id');
  expect([...DEFAULT_FIELDS].sort()).toEqual([...read, 'active', 'write_date'].sort());
});

describe('records of Odoo', () => {
  it.each([
    ['2026-09-01 10:00:00', '2026-09-01T10:00:00.000Z'],
    ['2026-09-01 10:00:00.647042', '2026-09-01T10:00:00.647Z'],
    [false, null],
    ['yesterday', null],
  ])('read the write_date %p as %p', (write_date, updatedAt) => {
    expect(read({ id: 8, write_date }).records[0]?.updatedAt).toBe(updatedAt);
  });

  it.each([{ id: 0 }, { id: '8' }, { id: 8, name: 7 }, { id: 8, active: 'yes' }, null, 'text'])(
    'reject %j alone',
    (row) => {
      const { records, rejected } = read(row, { id: 9, name: 'Grace' });
      expect(records.map(({ id }) => id)).toEqual(['9']);
      expect(rejected).toMatchObject([{ code: 'INVALID_RECORD' }]);
    },
  );
});

const read = (...rows: unknown[]) =>
  readRecords(rows, { stream: 'partners', lossy: false, booleanFields: [] });

async function map(fields: object) {
  return mapOne(partnerMapping, read({ id: 8, ...fields }).records[0]?.raw);
}
