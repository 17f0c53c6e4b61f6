import { loadWebhookSamples } from '#connectors/testing';
import { doubledTree, hostileExpressions } from './expressions.js';
import { different, hostileJson, identity, listOf, MEGABYTE, nested, objectOf, property } from './texts.js';

/** Where an entry comes in. */
export type Door =
  | { readonly at: 'body'; readonly method: string; readonly path: string; readonly type?: string }
  | { readonly at: 'request'; readonly headers?: Record<string, string> }
  | { readonly at: 'webhook'; readonly kind: string }
  | { readonly at: 'import'; readonly type: string; readonly mapping: object }
  | { readonly at: 'vendor' }
  | { readonly at: 'preview'; readonly mapping: object }
  | { readonly at: 'job'; readonly name: string }
  | { readonly at: 'apply' };

/** Something hostile, and what becomes of it. */
export interface Entry {
  readonly name: string;
  readonly door: Door;
  readonly content: () => string;
  /** Statuses of the answer, of an import once it is over, or of the command line's process. */
  readonly expected: readonly (number | string)[];
}

const create = { at: 'body', method: 'POST', path: '/v1/identities/' } as const;
const putProperties = { at: 'body', method: 'PUT', path: '/v1/identities/{id}/properties' } as const;
const connections = { at: 'body', method: 'POST', path: '/v1/connections' } as const;

const bodies: Entry[] = [
  ...Object.entries(hostileJson).map(
    ([name, content]): Entry => ({ name, door: create, content, expected: [422] }),
  ),
  entry('more than a megabyte', create, () => JSON.stringify('x'.repeat(2 * MEGABYTE)), 413),
  entry(
    'a thousand properties',
    create,
    () => JSON.stringify(identity({ properties: many(1_000, property) })),
    200,
  ),
  entry(
    'twenty thousand properties that are none',
    create,
    () => `{"properties":${listOf('{}', 19_000)}}`,
    422,
  ),
  entry(
    'properties of the wrong type',
    create,
    () => `{"properties":${listOf('{"type":"json"}', 9_000)}}`,
    422,
  ),
  entry(
    'ids that are none',
    create,
    () => JSON.stringify(identity({ agent_ids: many(30_000, String) })),
    422,
  ),
  entry('unknown fields', create, () => objectOf(19_000, different), 422),
  entry(
    'names given nine thousand times',
    create,
    () =>
      `{"name":"Ada",`
        .repeat(1)
        .concat(`${'"name":"Ada",'.repeat(9_000)}"identity_type":"user","identifier_key":"corpus-names"}`),
    200,
  ),
  entry(
    'ten thousand keys in a property',
    putProperties,
    () =>
      JSON.stringify([
        { key: 'k', type: 'json', value: Object.fromEntries(many(9_000, (at) => [different(at), 1])) },
      ]),
    200,
  ),
  entry(
    'deep values of properties',
    putProperties,
    () =>
      `[${many(500, (at) => `{"key":"${at}","type":"json","value":${nested('{"a":', '}', 60, '1')}}`).join()}]`,
    422,
  ),
  entry('a text for a list', putProperties, () => JSON.stringify('x'.repeat(MEGABYTE - 10)), 422),
  entry(
    'a type that lies',
    { ...create, type: 'application/vnd.api+json' },
    () => nested('[', ']', MEGABYTE / 2),
    422,
  ),
  entry(
    'a form',
    { ...create, type: 'application/x-www-form-urlencoded' },
    () => 'a=1&'.repeat(MEGABYTE / 4),
    422,
  ),
  entry(
    'many parts without a boundary',
    { ...create, type: 'multipart/form-data' },
    () => '--\r\n'.repeat(MEGABYTE / 4),
    422,
  ),
  entry(
    'settings without end',
    connections,
    () => `{"kind":"hubspot","name":"x","secrets":{},"settings":${objectOf(19_000, different)}}`,
    422,
  ),
  entry(
    'a mapping of thousands of properties',
    connections,
    () =>
      `{"kind":"hubspot","name":"x","secrets":{"accessToken":"x"},"mapping":{"contacts":{"version":1,"identifier_key":"a","name":"a","identity_type":"a","properties":${listOf('{"key":"k","type":"string","value":"a"}', 4_000)}}}}`,
    422,
  ),
  entry(
    'a mapping that compiles for ever',
    connections,
    () => mappingOf(many(3, () => ({ key: 'k', type: 'string', value: doubledTree }))),
    422,
  ),
  entry(
    'a mapping that is long to compile',
    connections,
    () => mappingOf(many(100, (at) => ({ key: `k${at}`, type: 'string', value: `a${'.%'.repeat(1_900)}` }))),
    422,
  ),
];

const requests: Entry[] = [
  request(
    'a query of filters',
    () => `/v1/identities/?${many(900, (at) => `property[${at}]=a`).join('&')}`,
    422,
  ),
  request(
    'a query of one filter, again and again',
    () => `/v1/identities/?${'property[a]=b&'.repeat(1_000)}`,
    200,
    422,
  ),
  request('a cursor without end', () => `/v1/identities/?after=${'a'.repeat(12_000)}`, 422),
  request(
    'a cursor that is not there',
    () => '/v1/identities/?after=identity-123e4567-e89b-42d3-8456-426614174000',
    404,
  ),
  request('brackets', () => `/v1/identities/?property${'['.repeat(12_000)}=a`, 200, 422),
  request('percent signs, encoded', () => `/v1/identities/?name=${'%25'.repeat(4_000)}`, 200, 422),
  request('percent signs, not encoded', () => `/v1/identities/?name=${'%'.repeat(12_000)}`, 200, 422),
  request('a path of percent signs', () => `/v1/identities/${'%25'.repeat(1_000)}`, 414, 422),
  request('a path that is broken', () => `/v1/identities/${'%'.repeat(3_000)}`, 400),
  request('a path of slashes', () => `/v1/${'/'.repeat(12_000)}x`, 404),
  request('a header line that is too long', () => `/v1/identities/?name=${'a'.repeat(20_000)}`, 431),
  {
    name: 'versions without end',
    door: { at: 'request', headers: { 'if-none-match': '"1", '.repeat(2_000) } },
    content: () => '/v1/identities/{id}',
    expected: [200, 304, 422],
  },
  {
    name: 'quotes without end',
    door: { at: 'request', headers: { 'if-none-match': '"'.repeat(12_000) } },
    content: () => '/v1/identities/{id}',
    expected: [200, 422],
  },
  {
    name: 'a project without end',
    door: { at: 'request', headers: { 'x-project-id': 'p'.repeat(12_000) } },
    content: () => '/v1/identities/',
    expected: [422],
  },
  {
    name: 'a flood of headers',
    door: { at: 'request', headers: Object.fromEntries(many(900, (at) => [`x-${at}`, '1'])) },
    content: () => '/v1/identities/',
    expected: [200, 431],
  },
];

const change = (at: number) => ({
  portalId: 7,
  eventId: at,
  objectId: at + 1,
  subscriptionType: 'contact.propertyChange',
  propertyName: 'email',
  occurredAt: 1_700_000_000_000,
});
const webhooks: Entry[] = [
  ...[...(await loadWebhookSamples()).keys()].flatMap((kind) =>
    Object.entries(hostileJson).map(
      ([name, content]): Entry => ({ name, door: { at: 'webhook', kind }, content, expected: [200, 400] }),
    ),
  ),
  entry(
    'thousands of changes',
    { at: 'webhook', kind: 'hubspot' },
    () => JSON.stringify(many(1_200, change)),
    200,
  ),
  entry(
    'more changes than are taken',
    { at: 'webhook', kind: 'hubspot' },
    () => JSON.stringify(many(5_000, change)),
    400,
  ),
  entry('events that are none', { at: 'webhook', kind: 'hubspot' }, () => listOf('{}', 19_000), 200, 400),
  entry(
    'a merge of thousands',
    { at: 'webhook', kind: 'hubspot' },
    () =>
      JSON.stringify([
        { ...change(1), subscriptionType: 'contact.merge', mergedObjectIds: many(15_000, (at) => at + 5) },
      ]),
    200,
    400,
  ),
  entry(
    'a change of thousands of records',
    { at: 'webhook', kind: 'salesforce' },
    () =>
      JSON.stringify({
        ChangeEventHeader: {
          entityName: 'Contact',
          recordIds: many(15_000, (at) => `0035g0000${String(at).padStart(6, '0')}`),
          changeType: 'UPDATE',
          transactionKey: 'k',
          sequenceNumber: 1,
        },
      }),
    200,
  ),
  entry(
    'thousands of records',
    { at: 'webhook', kind: 'espocrm' },
    () => JSON.stringify(many(4_000, (at) => ({ id: `c${at}` }))),
    200,
  ),
  ...xml({
    'elements inside each other': () => nested('<a>', '</a>', MEGABYTE / 7),
    'elements without end': () => '<a>'.repeat(MEGABYTE / 3),
    'empty elements': () => `<a>${'<b/>'.repeat(MEGABYTE / 4)}</a>`,
    attributes: () => `<a ${many(80_000, (at) => `a${at}="1"`).join(' ')}/>`,
    'one long text': () => `<a>${'x'.repeat(MEGABYTE)}</a>`,
    'entities of entities': () =>
      `<!DOCTYPE a [<!ENTITY b "x">${many(20, (at) => `<!ENTITY b${at} "${'&b;'.repeat(10)}">`).join('')}]><a>&b19;</a>`,
    comments: () => `<a>${'<!-- -->'.repeat(MEGABYTE / 8)}</a>`,
    'sections of text': () => `<a>${'<![CDATA[x]]>'.repeat(MEGABYTE / 13)}</a>`,
    'tags that never close': () => '<'.repeat(MEGABYTE),
    'a tag of blanks': () => `<a${' '.repeat(MEGABYTE)}/>`,
    'a name without end': () => `<${'a'.repeat(MEGABYTE)}/>`,
    ampersands: () => `<a>${'&'.repeat(MEGABYTE)}</a>`,
  }),
];

const columns = { identifier_key: 'key', name: 'name', identity_type: '=user' };
const csv = { at: 'import', type: 'text/csv', mapping: columns } as const;
const ndjson = { at: 'import', type: 'application/x-ndjson', mapping: columns } as const;
const line = '{"key":"k","name":"n"}\n';
const imports: Entry[] = [
  entry('a quoted field that never ends', csv, () => `key,name\na,"${'x'.repeat(8 * MEGABYTE)}`, 'completed'),
  entry('a quoted field of quotes', csv, () => `key,name\na,"${'""'.repeat(2 * MEGABYTE)}`, 'completed'),
  entry('a line of quotes each', csv, () => `key,name\n${'"\n'.repeat(50_000)}`, 'completed'),
  entry('rows of one letter', csv, () => `key,name\n${'a\n'.repeat(100_000)}`, 'completed', 'failed'),
  entry('rows of commas', csv, () => `key,name\n${`${','.repeat(20_000)}\n`.repeat(50)}`, 'completed'),
  entry(
    'thousands of columns',
    csv,
    () =>
      `key,name,${many(1_900, (at) => `c${at}`).join()}\n${`${many(1_902, String).join()}\n`.repeat(300)}`,
    'completed',
  ),
  entry('more columns than are taken', csv, () => `${','.repeat(MEGABYTE)}\n`, 422),
  entry('columns of one name', csv, () => `key,name,${many(1_900, () => 'c').join()}\n`, 'completed'),
  entry('a column of NUL', csv, () => 'key,name,\0\na,b,c\n', 422),
  entry('NUL in the cells', csv, () => `key,name\n${'a\0,b\n'.repeat(1_000)}`, 'completed'),
  entry(
    'lines that are deep',
    ndjson,
    () => line + `${nested('{"key":', '}', 100_000, '1')}\n`.repeat(10),
    'completed',
  ),
  entry(
    'lines of lists that never end',
    ndjson,
    () => line + `{"key":${'['.repeat(900_000)}\n`.repeat(8),
    'completed',
  ),
  entry('lines of tokens', ndjson, () => line + `{"key":${listOf('{}', 300_000)}}\n`.repeat(8), 'completed'),
  entry(
    'lines of the most tokens',
    ndjson,
    () => line + `{"key":"a","name":"b","c":${objectOf(19_000, different)}}\n`.repeat(60),
    'completed',
  ),
  entry(
    'lines of quotes that are no JSON',
    ndjson,
    () => line + `${'{"key":"k","na'.repeat(57_000)}\n`.repeat(8),
    'completed',
  ),
  entry('a line that never ends', ndjson, () => `${line}{"key":"${'x'.repeat(8 * MEGABYTE)}`, 'completed'),
  entry('empty lines', ndjson, () => line + '\n'.repeat(8 * MEGABYTE), 'completed'),
  entry(
    'halves of character pairs',
    ndjson,
    () => line + '{"key":"\\ud800","name":"\\u0000","\\u0000":1}\n'.repeat(1_000),
    'completed',
  ),
  entry(
    'many properties',
    {
      ...csv,
      mapping: { ...columns, properties: Object.fromEntries(many(200, (at) => [`p${at}`, 'name'])) },
    },
    () => `key,name\n${many(400, (at) => `k${at},n`).join('\n')}\n`,
    'completed',
  ),
  ...Object.entries(hostileExpressions).map(([name, jsonata]) =>
    entry(
      name,
      { ...csv, mapping: { ...columns, name: { jsonata } } },
      () => `key,name\n${many(200, (at) => `k${at},n`).join('\n')}\n`,
      'failed',
    ),
  ),
  entry(
    'an expression that compiles for ever',
    { ...csv, mapping: { ...columns, name: { jsonata: doubledTree } } },
    () => `key,name\n${many(200, (at) => `k${at},n`).join('\n')}\n`,
    422,
  ),
];

const vendorAnswers: Entry[] = Object.entries({
  ...hostileJson,
  'a page of a million objects': () => listOf('{}', MEGABYTE),
  'a page of records': () =>
    `{"results":${listOf('{"id":"1","properties":{"email":"a@x.example","firstname":"Ada"},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","archived":false}', 60_000)}}`,
  'a text of eight megabytes': () => JSON.stringify('x'.repeat(8 * MEGABYTE)),
}).map(([name, content]) => ({ name, door: { at: 'vendor' }, content, expected: [422, 200, 409] }));

/** The vendor's answer, seen through a mapping. */
const previewed = {
  version: 1,
  identifier_key: 'properties.email',
  name: 'properties.email',
  identity_type: '"user"',
  properties: [],
};
/** Records, and whom they belong to: all of its questions are answered by this. */
const page = (count: number) =>
  JSON.stringify({
    results: many(count, (at) => ({
      from: { id: String(at + 1) },
      to: [],
      id: String(at + 1),
      properties: { email: `${at}@x.example`, lastmodifieddate: '2026-01-01T00:00:00Z' },
      createdAt: '2026-01-01T00:00:00Z',
      updatedAt: '2026-01-01T00:00:00Z',
      archived: false,
    })),
  });
const previews: Entry[] = [
  ...Object.entries(hostileExpressions).map(([name, expression]) =>
    entry(name, { at: 'preview', mapping: { ...previewed, name: expression } }, () => page(20), 200),
  ),
  ...Object.entries({
    'an expression that compiles for ever': [doubledTree],
    'expressions that compile for ever': many(30, () => doubledTree),
  }).map(([name, values]) =>
    entry(
      name,
      {
        at: 'preview',
        mapping: {
          ...previewed,
          properties: values.map((value, at) => ({ key: `k${at}`, type: 'string', value })),
        },
      },
      () => page(20),
      422,
    ),
  ),
  ...Object.entries(hostileJson).map(([name, content]) =>
    entry(name, { at: 'preview', mapping: previewed }, content, 200, 409, 422, 502, 503),
  ),
];

const batch = { at: 'job', name: 'identity.upsert-batch' } as const;
const jobs: Entry[] = [
  entry(
    'a batch of a thousand',
    batch,
    () => JSON.stringify({ identities: many(1_000, () => identity({ properties: many(10, property) })) }),
    'done',
  ),
  entry('a batch of nothing', batch, () => `{"identities":${listOf('{}', 19_000)}}`, 'dead'),
  entry(
    'a batch that cannot be stored',
    batch,
    () => JSON.stringify({ identities: [identity({ name: '\0' })] }),
    'dead',
    // By PostgreSQL, before it is on the queue there.
    'refused',
  ),
  entry(
    'a key that cannot be stored',
    { at: 'job', name: 'identity.create' },
    () => JSON.stringify({ ...identity(), idempotency_key: '\0' }),
    'dead',
    // By PostgreSQL, before it is on the queue there.
    'refused',
  ),
  entry(
    'a correlation that cannot be stored',
    { at: 'job', name: 'identity.create' },
    () => JSON.stringify({ ...identity(), correlation_id: '\ud800' }),
    'dead',
    // By PostgreSQL, before it is on the queue there.
    'refused',
  ),
];

const declarations: Entry[] = [
  applied(
    'aliases of aliases',
    () =>
      `a: &a [x, x]\n${many(30, (at) => `b${at}: &b${at} [${at ? `*b${at - 1}, *b${at - 1}` : '*a, *a'}]`).join('\n')}`,
  ),
  applied('lists that never end', () => '['.repeat(100_000)),
  applied('deeper and deeper', () => many(2_000, (at) => `${' '.repeat(at)}a:`).join('\n')),
  applied('keys without end', () => many(60_000, (at) => `k${at}: 1`).join('\n')),
  applied('dashes', () => `${'- '.repeat(50_000)}a`),
  applied('many documents', () => '---\na: 1\n'.repeat(20_000)),
  applied('merges', () => `a: &a { b: 1 }\n${many(5_000, (at) => `c${at}: { <<: *a }`).join('\n')}`),
];

/** Everything hostile that we know of. What fuzzing finds is kept beside it, in `found/`. */
export const entries: readonly Entry[] = [
  ...bodies,
  ...requests,
  ...webhooks,
  ...imports,
  ...vendorAnswers,
  ...previews,
  ...jobs,
  ...declarations,
];

function many<Item>(count: number, item: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => item(at));
}

function entry(name: string, door: Door, content: () => string, ...expected: (number | string)[]): Entry {
  return { name, door, content, expected };
}

function request(name: string, content: () => string, ...expected: number[]): Entry {
  return { name, door: { at: 'request' }, content, expected };
}

function applied(name: string, content: () => string): Entry {
  return { name, door: { at: 'apply' }, content, expected: [1, 2] };
}

function xml(texts: Record<string, () => string>): Entry[] {
  return Object.entries(texts).map(([name, content]) =>
    entry(name, { at: 'webhook', kind: 'salesforce' }, content, 400),
  );
}

/** A connection whose mapping has these properties. */
function mappingOf(properties: readonly object[]): string {
  const contacts = { version: 1, identifier_key: 'a', name: 'a', identity_type: 'a', properties };
  return JSON.stringify({ kind: 'hubspot', name: 'x', secrets: { accessToken: 'x' }, mapping: { contacts } });
}
