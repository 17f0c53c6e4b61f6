import path from 'node:path';
import { expect, it } from '@jest/globals';
import { compileExpressions, ELSEWHERE } from '#mapping';
import { projectRoot } from '#platform';
import type { Connector } from './connector.js';
import { connectors } from './connectors.js';
import { connectorsIn, shippedManifests } from './declarative/manifest-file.js';
import type { MappingDocument } from './mapping/mapping.schema.js';
import { mapOne } from './testing/map-one.js';

const manifests = [
  ...(await connectorsIn(shippedManifests())),
  ...(await connectorsIn(path.join(projectRoot(), 'docs', 'examples'))),
];
const streams = [...connectors, ...manifests.map(({ connector }) => connector)].flatMap(streamsOf);

/** A field that is left to the whole of JSONata takes some fifty times longer, for every record of every run. */
it.each(streams)('the default mapping of %s needs no waiting', async (name, mapping) => {
  const record = usual[name];
  expect(await mapOne(mapping, record)).toMatchObject({ ok: true });
  expect(await slowFields(mapping, record)).toEqual([]);
  expect(await slowFields(mapping, { id: 7, Id: '7' })).toEqual([]);
});

function streamsOf({ manifest }: Connector): [string, MappingDocument][] {
  return manifest.streams.map(({ id, defaultMapping }) => [`${manifest.id} ${id}`, defaultMapping]);
}

async function slowFields(mapping: MappingDocument, record: unknown): Promise<string[]> {
  const { identifier_key, name, identity_type, properties = [] } = mapping;
  const sources = [identifier_key, name, identity_type, ...properties.map(({ value }) => value)];
  const { expressions } = await compileExpressions(sources.map((source) => ({ field: source, source })));
  return expressions.all.flatMap(({ source, direct }) => (direct(record) === ELSEWHERE ? [source] : []));
}

const email = 'Ada@x.example';

/** What the vendors send: a new stream needs a record here. */
const usual: Record<string, unknown> = {
  'hubspot contacts': {
    id: '7',
    properties: { email, firstname: 'Ada', lastname: null, jobtitle: 'Engineer' },
    associations: { companies: ['1', '2'] },
  },
  'hubspot companies': { id: '7', properties: { name: 'Acorn', domain: 'x.example', annualrevenue: '1.5' } },
  'pipedrive persons': {
    id: 7,
    name: 'Ada',
    emails: [
      { value: 'home@x.example', primary: false },
      { value: email, primary: true },
    ],
    phones: [{ value: '+1 555', primary: true }],
    org_id: 9,
  },
  'pipedrive organizations': { id: 7, name: 'Acorn', industry: 3, address: { value: 'Main Street' } },
  'salesforce contacts': { Id: '003', FirstName: 'Ada', LastName: 'Lovelace', Email: email },
  'salesforce accounts': { Id: '001', Name: 'Acorn', NumberOfEmployees: 12, AnnualRevenue: 1.5 },
  'salesforce leads': { Id: '00Q', FirstName: 'Ada', LastName: 'Lovelace', Email: email, Status: 'Open' },
  'odoo partners': {
    id: 7,
    name: 'Ada',
    email,
    is_company: false,
    parent_id: [7, 'Acorn'],
    country_id: [20, 'Belgium'],
  },
  'espocrm contacts': { id: '7', firstName: 'Ada', lastName: 'Lovelace', emailAddress: email },
  'espocrm accounts': { id: '7', name: 'Acorn', website: 'https://x.example' },
  'intercom contacts': { id: '7', role: 'user', name: 'Ada', email },
  'intercom companies': { id: '7', name: 'Acorn', size: 12 },
  'tiny-crm people': { id: 7, full_name: 'Ada', email },
};
