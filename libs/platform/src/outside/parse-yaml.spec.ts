import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { OutsideYamlError, parseOutsideYaml, YAML_BOUNDS } from './parse-yaml.js';

const { depth, length, tokens } = YAML_BOUNDS;

describe('YAML from outside', () => {
  it('has its values, and says where they stand', () => {
    const { value, document, place } = parseOutsideYaml('a: 1\nb:\n  - c: &x [1, 2]\n  - *x\n');
    expect(value).toEqual({ a: 1, b: [{ c: [1, 2] }, [1, 2]] });
    expect(place((document.getIn(['b', 0], true) as { range: number[] }).range[0] ?? 0)).toEqual({
      line: 3,
      column: 5,
    });
  });

  it.each([
    ['lists in flow', (levels: number) => '['.repeat(levels) + ']'.repeat(levels)],
    ['maps in flow', (levels: number) => `${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`],
    ['lists on one line', (levels: number) => `${'- '.repeat(levels)}a`],
    ['explicit keys', (levels: number) => `${'? '.repeat(levels)}a`],
    ['maps by indentation', (levels: number) => indented(levels, (at) => `k${at}:`)],
    ['lists by indentation', (levels: number) => indented(levels, () => '-')],
    ['maps in lists', (levels: number) => indented(levels / 2, () => '- a:', 4)],
    [
      'block and flow together',
      (levels: number) => `${'- '.repeat(levels / 2)}${'['.repeat(levels / 2)}${']'.repeat(levels / 2)}`,
    ],
  ])('takes %s up to the bound, and refuses the next level before it parses', (_name, nested) => {
    expect(() => parseOutsideYaml(nested(depth))).not.toThrow();
    expect(faultsOf(nested(depth + 2))).toEqual([expect.stringMatching(/nests deeper than 64 levels$/)]);
  });

  it.each([
    ['lists in flow that never end', '['.repeat(500_000)],
    ['lists on one line', '- '.repeat(400_000)],
    ['explicit keys', '? '.repeat(400_000)],
    ['empty keys', ': '.repeat(400_000)],
    ['commas', `[${','.repeat(900_000)}`],
    ['anchors', '&a '.repeat(300_000)],
    ['comments', '#\n'.repeat(400_000)],
    ['empty lines', '\n'.repeat(900_000)],
    ['documents', '---\n'.repeat(200_000)],
    ['keys', '{'.concat('a: 1, '.repeat(100_000))],
    ['one text', 'a'.repeat(length + 1)],
  ])('refuses too many %s, with one sentence', (_name, text) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^1?\d*:\d+ The text /)]);
  });

  it('refuses aliases of aliases', () => {
    const names = 'abcdefghij'.split('');
    const bomb = names.map((name, at) => `${name}: &${name} [${`*${names[at - 1]},`.repeat(at ? 9 : 0)}1]`);
    expect(faultsOf(bomb.join('\n'))).toEqual([expect.stringContaining('alias count')]);
  });

  it.each([
    ['a: 1\nb: 2\na: 3', '3:1'],
    ['x:\n  - {a: 1, b: 2, "a": 3}', '2:18'],
    ['- 1: a\n  1: b', '2:3'],
  ])('refuses a key that a map has twice, and says where: %s', (text, at) => {
    expect(faultsOf(text)).toEqual([`${at} Map keys must be unique`]);
  });

  it('counts a list, and a map in another line, once', () => {
    const rows = Array.from(
      { length: 900 },
      (_, at) => `${'k'.repeat(at % 40)}: {a: [1, 2]}\nl${at}:\n- - b\n`,
    );
    expect(() => parseOutsideYaml(rows.map((row, at) => `r${at}${row}`).join(''))).not.toThrow();
  });

  it('says every fault of a text that is no YAML, with its line', () => {
    expect(faultsOf('a: [1\nb: "x')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^2:\d+ /), expect.stringMatching(/^\d+:\d+ /)]),
    );
  });

  it('reads what the library writes as the library does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = stringify(value);
        expect(parseOutsideYaml(text).value).toEqual(parse(text));
      }),
    );
  });

  it(`takes what a large declaration holds: ${tokens} tokens are some 14,000 lines`, () => {
    const lines = Array.from({ length: 14_000 }, (_, at) => `k${at}: v`).join('\n');
    expect(() => parseOutsideYaml(lines)).not.toThrow();
    expect(faultsOf(`${lines}\n${lines}`)).toEqual([expect.stringContaining('more than 100000 tokens')]);
  });
});

const indented = (levels: number, line: (at: number) => string, width = 1) =>
  Array.from({ length: levels }, (_, at) => ' '.repeat(at * width) + line(at)).join('\n');

function faultsOf(text: string): string[] {
  try {
    parseOutsideYaml(text);
  } catch (error) {
    if (!(error instanceof OutsideYamlError)) throw error;
    return error.placed().map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}
