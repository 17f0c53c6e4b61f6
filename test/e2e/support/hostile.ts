import fc from 'fast-check';

/** Texts that have hurt somebody somewhere. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    '%',
    '\\',
    "'; drop table es.events; --",
    '{{7*7}}',
    '../../etc/passwd',
    'x'.repeat(5_000),
    '1e400',
    '-0',
    '9'.repeat(30),
    'null',
    'identity-123e4567-e89b-42d3-8456-426614174000',
  ),
);

const { value: hostileValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    hostileText,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(hostileText, tie('value'), { maxKeys: 3 }),
  ),
}));

/** Mostly the good one: a request that is wrong in one place gets deeper than one that is wrong everywhere. */
const mostly = <Good, Bad>(good: fc.Arbitrary<Good>, bad: fc.Arbitrary<Bad>, weight = 6) =>
  fc.oneof({ weight, arbitrary: good }, { weight: 1, arbitrary: bad });

const text = fc.string({ minLength: 1, maxLength: 9 });

const property = mostly(
  fc.oneof(
    fc.record({ key: text, type: fc.constant('string'), value: mostly(text, hostileText) }),
    fc.record({ key: text, type: fc.constant('number'), value: fc.integer() }),
    fc.record({ key: text, type: fc.constant('json'), value: fc.dictionary(text, text) }),
  ),
  fc.record({ key: hostileText, type: mostly(fc.constant('json'), hostileText), value: hostileValue }),
);

const identity = fc.record(
  {
    identifier_key: mostly(fc.uuid(), hostileValue, 12),
    name: mostly(text, mostly(hostileText, hostileValue)),
    identity_type: mostly(fc.constantFrom('user', 'org', 'other'), hostileValue, 12),
    project_id: mostly(fc.constant(null), hostileText),
    properties: mostly(fc.array(property, { maxLength: 2 }), hostileValue),
    agent_ids: mostly(fc.constant([]), fc.array(hostileText, { maxLength: 2 })),
  },
  { requiredKeys: ['identifier_key', 'name', 'identity_type'] },
);

const surprising = fc
  .tuple(identity, hostileText, hostileValue)
  .map(([body, key, value]) => ({ ...body, [key]: value }));

const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;

const brokenJson = fc.constantFrom(
  '',
  '{',
  '['.repeat(5_000),
  deep,
  `{"identifier_key":"x","name":"x","identity_type":"user","properties":[{"key":"k","type":"json","value":${deep}}]}`,
  '{"__proto__":{"x":1}}',
  '{"name":"\\u0000"}',
  '[{"key":"k","type":"number","value":1e400}]',
);

const asJson = (value: unknown): string => JSON.stringify(value) ?? '';

/** A body for this route: what it takes, with something wrong in it now and then. */
export const bodyFor = (method: string, path: string): fc.Arbitrary<string> =>
  mostly(wantedBody(method, path).map(asJson), fc.oneof(brokenJson, hostileValue.map(asJson)));

function wantedBody(method: string, path: string): fc.Arbitrary<unknown> {
  if (path.endsWith('/properties')) return fc.array(property, { maxLength: 3 });
  const wanted = mostly(identity, surprising);
  return method === 'PATCH' ? wanted.map(({ project_id: _, ...changes }) => changes) : wanted;
}

export const segmentFor = (right: string): fc.Arbitrary<string> =>
  mostly(
    fc.constant(right),
    hostileText.map((text) => encodeURIComponent(text.toWellFormed()) || 'x'),
  );

const NAMES = [
  ...[
    'name',
    'identifier_key',
    'identity_type',
    'project_id',
    'before',
    'after',
    'limit',
    'order',
    'order_by',
  ],
  ...[
    'include',
    'as_of',
    'property[plan]',
    'property[',
    'property[a][b]',
    '__proto__',
    'property[__proto__]',
  ],
];

export const hostileQuery = fc
  .array(
    fc.tuple(
      fc.constantFrom(...NAMES),
      fc.oneof(hostileText, fc.constantFrom('5', 'asc', 'user', 'created_at')),
    ),
    { maxLength: 3 },
  )
  .map(
    (pairs) =>
      new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value.toWellFormed()])),
  )
  .map(String);

const headerText = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }).map((text) => text.replaceAll(/[^\x21-\x7e]/g, 'x')),
  fc.constantFrom('"1"', '*', 'W/"2", "3"', '""', 'x'.repeat(300), 'é'),
);
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => mostly(fc.constant(undefined), arbitrary);

export const hostileHeaders = fc
  .record({
    'if-match': rarely(headerText),
    'if-none-match': rarely(headerText),
    'idempotency-key': rarely(headerText),
    'x-project-id': rarely(headerText),
    'x-request-id': rarely(headerText),
    traceparent: rarely(fc.oneof(headerText, fc.constant(`00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`))),
    'content-type': rarely(fc.constantFrom('application/json; charset=latin1', 'text/plain', 'x')),
  })
  .map((headers) =>
    Object.fromEntries(
      Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined),
    ),
  );
