import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DOCUMENT_BOUNDS, excessOf } from './json-bounds.js';
import { jsonIn, OutsideJsonError, parseOutsideJson } from './parse-json.js';
import { parseJsonInTurns } from './parse-json-in-turns.js';

const { depth, tokens } = DOCUMENT_BOUNDS;

describe('JSON from outside', () => {
  it.each([
    ['lists', '['.repeat(depth), ']'.repeat(depth)],
    ['objects', '{"a":'.repeat(depth - 1), `{}${'}'.repeat(depth - 1)}`],
    ['a million lists that never end', '['.repeat(1_000_000), ''],
  ])('is refused when %s nest too deep, before it is parsed', (_name, open, close) => {
    if (close) expect(() => parseOutsideJson(open + close)).not.toThrow();
    expect(faultOf(() => parseOutsideJson(`[${open}${close}]`))).toEqual(
      `depth: nests deeper than ${depth} levels, at character ${open.startsWith('{') ? 1 + 5 * (depth - 1) + 1 : depth + 1}`,
    );
  });

  it.each([
    ['numbers', '1'],
    ['lists', '[]'],
    ['objects', '{}'],
    ['texts', '""'],
  ])('is refused when it holds too many %s', (_name, item) => {
    const all = (count: number) => `[${Array(count).fill(item).join()}]`;
    expect(() => parseOutsideJson(all(tokens / 4))).not.toThrow();
    expect(faultOf(() => parseOutsideJson(all(tokens)))).toMatch(/^tokens: holds more than/);
  });

  it('counts keys as well, also the same one again and again', () => {
    const keys = (count: number) => `{${Array(count).fill('"a":1').join()}}`;
    expect(() => parseOutsideJson(keys(tokens / 2 - 1))).not.toThrow();
    expect(faultOf(() => parseOutsideJson(keys(tokens / 2)))).toMatch(/^tokens/);
  });

  it.each(['"[[[[,,::{{"', '"\\"[,[,"', '"\\\\"', '"\\\\\\"[["', '["\\\\","["]'])(
    'counts nothing inside the text %s',
    (text) => {
      expect(excessOf(text, { depth: 1, tokens: 4 })).toBeUndefined();
      expect(parseOutsideJson(text)).toEqual(JSON.parse(text));
    },
  );

  it('says that it is no JSON without repeating it', () => {
    expect(faultOf(() => parseOutsideJson('secret'))).toBe('syntax: is not JSON');
    expect(jsonIn('secret')).toBeNull();
    expect(jsonIn('5')).toEqual({ json: 5 });
    expect(() => jsonIn('['.repeat(100))).toThrow(OutsideJsonError);
  });

  it('looks at a text once, whatever stands in it', () => {
    const hostile = ['\\', '"', '[', '\\"', '"\\', '{"', ' ', '\ud800'].map((part) =>
      part.repeat(4_000_000 / part.length),
    );
    const steps = hostile.map((text) => excessOf(text, { depth: Infinity, tokens: Infinity }));
    expect(steps.every((excess) => excess === undefined)).toBe(true);
  });
});

describe('long JSON, parsed in turns', () => {
  it('is what JSON.parse makes of it, or refused where that refuses it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 6 }),
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '"', '1', ':'),
        async (json, place, spoiler) => {
          const at = place % (json.length + 1);
          const text = json.slice(0, at) + spoiler + json.slice(at);
          expect(await judged(() => parseJsonInTurns(text))).toEqual(
            await judged(async () => JSON.parse(text)),
          );
        },
      ),
      { numRuns: 500 },
    ));

  it.each([
    [
      'a list of many',
      JSON.stringify(Array.from({ length: 30_000 }, (_, at) => ({ at, text: 'x'.repeat(at % 50) }))),
    ],
    [
      'an object of many',
      JSON.stringify(Object.fromEntries(Array.from({ length: 19_000 }, (_, at) => [`k${at}`, [at]]))),
    ],
    [
      'a large one in a small one',
      JSON.stringify({ a: 1, b: { c: [[Array(9_000).fill(1), 'x'], 2] }, d: [] }),
    ],
    ['a prototype', `{"__proto__":{"a":${JSON.stringify(Array(9_000).fill({}))}},"b":1}`],
    ['a long text', JSON.stringify({ a: [{ b: 'x'.repeat(2_000_000) }, 'y'.repeat(400_000)], c: 1 })],
    ['blanks', ` [ ${Array(9_000).fill(' 1 ').join(' , ')} ] \n`],
  ])('holds %s', async (_name, text) => {
    expect(await parseJsonInTurns(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['cut off', `[${Array(9_000).fill('1').join()}`],
    ['closed by the wrong bracket', `[${Array(9_000).fill('1').join()}}`],
    ['with a comma too many', `[${Array(9_000).fill('1').join()},]`],
    ['with a hole', `[${Array(9_000).fill('1').join()},,1]`],
    ['with something behind it', `[${Array(9_000).fill('1').join()}]]`],
    ['without a key', `{${Array(9_000).fill('1').join()}}`],
    ['with a number as a key', `{1:[${Array(9_000).fill('1').join()}]}`],
  ])('is refused when it is %s', async (_name, text) => {
    await expect(parseJsonInTurns(text)).rejects.toThrow('is not JSON');
  });

  it('is refused for its depth, its tokens or one text without end', async () => {
    await expect(parseJsonInTurns('['.repeat(10_000_000))).rejects.toThrow(/^nests deeper than 64 levels/);
    await expect(parseJsonInTurns(`{"a":${'['.repeat(70)}`)).rejects.toThrow(/^nests deeper than 64 levels/);
    const bounds = { depth: 4, tokens: 10_000 };
    const many = JSON.stringify(Array(12_000).fill(1));
    await expect(parseJsonInTurns(many, bounds)).rejects.toThrow(/^holds more than 10000 values and keys/);
    await expect(parseJsonInTurns(`["${'x'.repeat(5_000_000)}"]`)).rejects.toThrow(/^holds a text longer/);
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 20_001 }, (_, at) => [`k${at}`, at])),
    );
    await expect(parseJsonInTurns(wide)).rejects.toThrow(/^holds an object of more than 20000 keys/);
  });

  it('lets others have their turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await parseJsonInTurns(JSON.stringify(Array.from({ length: 200_000 }, (_, at) => ({ [`k${at}`]: at }))));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

async function judged(parse: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await parse() };
  } catch {
    // Both refuse it, each in its own words.
    return 'refused';
  }
}

function faultOf(parse: () => unknown): string {
  try {
    return `none: ${JSON.stringify(parse()).length} characters`;
  } catch (error) {
    const { fault, message } = error as OutsideJsonError;
    return `${fault}: ${message}`;
  }
}
