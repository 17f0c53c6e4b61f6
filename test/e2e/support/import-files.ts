export const SP500 = 'test/fixtures/sp500.csv';

/** A mapping of that file, as one gives it to `--map`. */
export const SP500_MAP =
  '{"identifier_key":"Symbol","name":"Security","identity_type":"=org","properties":{"sector":"GICS Sector","founded":{"column":"Founded","type":"string"}}}';

/** A mapping of what {@link people} writes. */
export const PEOPLE_MAP = JSON.stringify({
  identifier_key: 'key',
  name: 'name',
  identity_type: '=user',
  properties: { age: { column: 'age', type: 'number' } },
});

export const people = (from: number, count: number): string =>
  `key,name,age\n${Array.from({ length: count }, (_, at) => `key-${from + at},Name ${from + at},${at}\n`).join('')}`;
