/** What hostile documents are made of; each is small to write down and large to read. */
export const MEGABYTE = 1_000_000;

export const nested = (open: string, close: string, depth: number, inside = ''): string =>
  open.repeat(depth) + inside + close.repeat(depth);

export const listOf = (item: string, count: number): string =>
  `[${Array(Math.floor(count)).fill(item).join()}]`;

/** An object of keys that are all different, or all the same. */
export const objectOf = (count: number, key: (at: number) => string, value = '1'): string =>
  `{${Array.from({ length: count }, (_, at) => `${JSON.stringify(key(at))}:${value}`).join()}}`;

export const different = (at: number): string => at.toString(36);

/** JSON texts of a megabyte or so, by name, that a parser takes long for or chokes on. */
export const hostileJson: Readonly<Record<string, () => string>> = {
  'half a million lists inside each other': () => nested('[', ']', MEGABYTE / 2),
  'lists that never end': () => '['.repeat(MEGABYTE),
  'objects inside each other': () => nested('{"a":', '}', MEGABYTE / 7, '1'),
  'as many empty objects as fit': () => listOf('{}', MEGABYTE / 3),
  'as many numbers as fit': () => listOf('1', MEGABYTE / 2),
  'as many empty texts as fit': () => listOf('""', MEGABYTE / 3),
  'a hundred thousand different keys': () => objectOf(90_000, different),
  'the same key again and again': () => objectOf(150_000, () => 'a'),
  'objects of different shapes': () =>
    `[${Array.from({ length: 60_000 }, (_, at) => `{"${different(at)}":1}`).join()}]`,
  'the most tokens that are taken, as objects': () => listOf('{}', 19_900),
  'the most tokens that are taken, as keys': () => objectOf(19_900, different),
  'the most tokens that are taken, as lists': () => listOf(nested('[', ']', 60), 600),
  'one long text': () => JSON.stringify('x'.repeat(MEGABYTE - 10)),
  'one long text of escapes': () => `"${'\\u0041'.repeat(MEGABYTE / 6 - 10)}"`,
  'a text of backslashes': () => `"${'\\\\'.repeat(MEGABYTE / 2 - 10)}"`,
  'a text that never ends': () => `"${'\\"'.repeat(MEGABYTE / 2 - 10)}`,
  'a number of a million digits': () => `[${'1'.repeat(MEGABYTE - 10)}]`,
  'a fraction of a million digits': () => `[0.${'1'.repeat(MEGABYTE - 10)}]`,
  'numbers that are hard to read': () => listOf('1.2345678901234567e-300', 39_000),
  'a megabyte of blanks': () => `${' '.repeat(MEGABYTE - 10)}[]`,
  prototypes: () => listOf('{"__proto__":{"a":1}}', 9_000),
  'a megabyte of emoji': () => JSON.stringify('😀'.repeat(MEGABYTE / 4 - 10)),
  'halves of character pairs': () => `"${'\\ud800'.repeat(MEGABYTE / 6 - 10)}"`,
  'NUL in every key': () => objectOf(9_000, (at) => `${at}\0`),
  'no JSON at all': () => 'x'.repeat(MEGABYTE),
};

export const property = (at: number) => ({ key: `key ${at}`, type: 'string', value: `value ${at}` });

export const identity = (more: object = {}) => ({
  identifier_key: `corpus-${Math.random()}`,
  name: 'Ada',
  identity_type: 'user',
  ...more,
});
