import { describe, expect, it } from '@jest/globals';
import type { MappingDocument } from '../mapping/mapping.schema.js';
import { mapOne } from '../testing/map-one.js';
import { organizationMapping, personMapping } from './pipedrive.mapping.js';
import { readRecords } from './pipedrive.records.js';
import type { PipedriveTable } from './pipedrive.settings.js';

describe('default mapping of persons', () => {
  it('makes a user known by the primary e-mail address in lower case', async () => {
    const item = {
      id: 512,
      name: 'Ada Lovelace',
      first_name: 'Ada',
      last_name: 'Lovelace',
      emails: [
        { value: 'home@x.example', primary: false, label: 'home' },
        { value: ' Ada@X.Example', primary: true, label: 'work' },
      ],
      phones: [{ value: '+1 555', primary: true }],
      job_title: null,
      org_id: 7,
      custom_fields: null,
    };
    expect(await map('persons', personMapping, item)).toEqual({
      ok: true,
      identity: {
        identifierKey: 'ada@x.example',
        name: 'Ada Lovelace',
        identityType: 'user',
        properties: [
          { key: 'pipedrive_id', type: 'string', value: '512' },
          { key: 'email', type: 'string', value: ' Ada@X.Example' },
          { key: 'first_name', type: 'string', value: 'Ada' },
          { key: 'last_name', type: 'string', value: 'Lovelace' },
          { key: 'phone', type: 'string', value: '+1 555' },
          { key: 'organization_id', type: 'string', value: '7' },
        ],
      },
    });
  });

  it('takes the first address when none is primary', async () => {
    const emails = [{ value: 'First@x.example' }, { value: 'second@x.example', primary: false }];
    expect(await map('persons', personMapping, { id: 1, name: 'A', emails })).toMatchObject({
      identity: { identifierKey: 'first@x.example' },
    });
  });

  it.each([{}, { emails: null }, { emails: [] }, { emails: [{ value: ' ', primary: true }] }])(
    'falls back to the record id for %j',
    async (fields) =>
      expect(await map('persons', personMapping, { id: 512, name: '', ...fields })).toMatchObject({
        identity: { identifierKey: 'pipedrive-person-512', name: 'Pipedrive person 512' },
      }),
  );

  it('passes by an empty primary address to one that is filled', async () => {
    const emails = [
      { value: '', primary: true },
      { value: 'kept@x.example', primary: false },
    ];
    expect(await map('persons', personMapping, { id: 1, name: 'A', emails })).toMatchObject({
      identity: { identifierKey: 'kept@x.example' },
    });
  });

  it('reaches custom fields by their hash', async () => {
    const hash = 'dcf558aac1ae4e8c4f849ba5e668430d8df9be12';
    const plan = { key: 'plan', type: 'string', value: `custom_fields.\`${hash}\`` } as const;
    const mapping = { ...personMapping, properties: [plan] };
    const item = { id: 1, name: 'Ada', custom_fields: { [hash]: 'team' } };
    expect(await map('persons', mapping, item)).toMatchObject({
      identity: { properties: [{ key: 'plan', value: 'team' }] },
    });
  });
});

describe('default mapping of organizations', () => {
  it('makes an organisation known by its id', async () => {
    const item = {
      id: 9,
      name: ' Cobalt Labs ',
      website: '',
      address: { value: 'Main Street' },
      employee_count: 12,
    };
    expect(await map('organizations', organizationMapping, item)).toMatchObject({
      identity: {
        identifierKey: 'pipedrive-organization-9',
        name: 'Cobalt Labs',
        identityType: 'org',
        properties: [
          { key: 'pipedrive_id', value: '9' },
          { key: 'address', value: 'Main Street' },
          { key: 'number_of_employees', value: 12 },
        ],
      },
    });
  });
});

async function map(stream: PipedriveTable, mapping: MappingDocument, item: unknown) {
  const { records, rejected } = readRecords(stream, [item], false);
  expect(rejected).toEqual([]);
  return mapOne(mapping, records[0]?.raw);
}
