import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { compileDirect, ELSEWHERE } from './direct-expression.js';
import { MAX_DIRECT_WORK, withinDirectWork } from './direct-work.js';

describe('an expression that is evaluated directly', () => {
  it('gives what JSONata gives, whatever it says and whatever the record', async () => {
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(expressions(), records(), async (source, record) => {
        const gives = directly(source, record);
        if (gives === ELSEWHERE) return;
        answers += 1;
        const expected = await byJsonata(source, record);
        expect({ source, record, gives: plainLists(gives) }).toStrictEqual({
          source,
          record,
          gives: plainLists(expected),
        });
      }),
      { numRuns: 2_500 },
    );
    expect(answers).toBeGreaterThan(700);
  });

  it.each([
    ['$trim(spaced)', 'a b \u00a0c'],
    ['$uppercase(missing)', undefined],
    ['missing & "-" & empty & "-" & nothing', '--null'],
    ['"" ? 1 : 0 ? 2 : null ? 3 : [] ? 4 : missing ? 5', undefined],
    ['1/3 & ""', '0.333333333333333'],
    ['-0 & " " & 1e21', '0 1e+21'],
    ['missing = missing or missing != "x"', false],
    ['mails[main].value', 'b@x'],
    ['mails.value', ['a@x', 'b@x', 'c@x']],
    ['mails[kind = "work"].value', ['a@x', 'c@x']],
    ['[mails[kind = "none"].value, mails.value][0]', 'a@x'],
    ['$join([mails.value], ";")', 'a@x;b@x;c@x'],
    ['one', ['x']],
    ['one[0] & pair[-1] & pair[7]', 'xq'],
    ['$split("https://x.example/a", "/")[2]', 'x.example'],
    ['$substring("😀bc", 1) & $length("😀")', 'bc1'],
    ['empty ?: missing ?? "else"', 'else'],
    ['($a := "x"; ($a := $a & "y"; $a) & $a)', 'xyx'],
    ['kind in ["lead", "user"]', true],
    ['$number("-1.5e3")', -1500],
    ['lone.name', 'L'],
    ['matrix[1][1]', 'c'],
    ['grid.v', ['a', 'b', 'c']],
    ['mails[1.5].value & pair[-0.5]', 'b@xq'],
    ['$exists(toString)', false],
    ['$substring(kind, -9, 2) & "-" & $substring(kind, 1, -2)', 'le-'],
    ['$substringBefore(kind, "e") & "-" & $substringAfter(kind, "e")', 'l-ad'],
    ['$split(kind, "", 0)', []],
    ['$join(missing, ";")', undefined],
  ])('knows %s', async (source, value) => {
    expect(plainLists(directly(source, sample))).toStrictEqual(value);
    expect(plainLists(await byJsonata(source, sample))).toStrictEqual(value);
  });
});

describe('what is beyond evaluating directly', () => {
  it.each([
    'one[]',
    'mails^(value)',
    'mails.(value)',
    'mails.$uppercase(value)',
    'mails.*',
    'mails@$m.value',
    '{ "a": kind }',
    '[1..3]',
    '$map(mails, function($m) { $m.value })',
    '$now()',
    '$pad(kind, 10)',
    '$trim()',
    '$string(one, true)',
    '$unbound',
    '$trim',
    '$$.kind',
    '($trim := "x"; $trim(kind))',
    '($x := kind; mails[kind = $x])',
    '[$x := 1, $x]',
    'kind ? $x := 1',
  ])('is left to JSONata before it runs: %s', (source) => {
    expect(compile(source)).toBeNull();
  });

  it.each([
    ['kind & one', 'a list as text'],
    ['$lowercase(mails)', 'a list where a text belongs'],
    ['$contains(missing, 5)', 'an argument that is wrong beside one that is nothing'],
    ['kind > 5', 'two types that do not compare'],
    ['kind + 1', 'a text as a number'],
    ['1 / 0', 'a number that is none'],
    ['$number("0x1F")', 'another notation'],
    ['one = pair', 'lists that are compared'],
    ['$replace(kind, "", "x")', 'a part of nothing'],
    ['mails[place].value', 'places that are computed'],
    ['mails[[1]].value', 'places in a list'],
    ['cube.v', 'lists of lists of lists'],
    ['$split(kind, "e", -1)', 'a limit below zero'],
    ['$exists(lambda)', 'a field that looks like a function'],
    ['builtin.v', 'a field of what looks like a function'],
    ['stream[0]', 'a field that looks like a stream of tuples'],
    ['long & "x"', 'a text that is long'],
    ['[many]', 'a list that is long'],
  ])('is left to it where it meets the value: %s, %s', (source) => {
    expect(directly(source, sample)).toBe(ELSEWHERE);
  });

  it('is a list in the place of a record', () => {
    expect(compile('kind')?.([sample])).toBe(ELSEWHERE);
  });

  it('is a tree of more nodes than JSONata goes deep', () => {
    const sum = (terms: number) => compile(Array(terms).fill('a').join('&'));
    expect(sum(100)).not.toBeNull();
    expect(sum(400)).toBeNull();
  });
});

describe('the work that is done directly for one record', () => {
  const long = {
    text: 'x'.repeat(900),
    list: Array(900).fill('x'),
    few: Array(9).fill('x'),
    wide: { ...Array(900).fill('x') },
  };

  it.each([
    ['texts', '$length($uppercase(text))'],
    ['lists', '$count([list])'],
    ['conditions', 'list ? wide ? 1 : 2 : 3'],
    ['lists of lists', '[[list]]'],
    ['parts', '$join($split(text, "x"), "y") = text'],
    ['filters', '$count(list[$length("x") = 2])'],
    [
      'steps of filters',
      '$count(few[$length("x") = 2 or $length("x") = 3 or $length("y") = 4 or $length("x") = 5])',
    ],
  ])('is bounded in all: %s', (_, source) => {
    const evaluate = compile(source);
    withinDirectWork(() => {
      const given = Array.from({ length: MAX_DIRECT_WORK / 200 }, () => evaluate?.(long));
      expect(given[0]).not.toBe(ELSEWHERE);
      expect(given.at(-1)).toBe(ELSEWHERE);
    });
    withinDirectWork(() => expect(evaluate?.(long)).not.toBe(ELSEWHERE));
  });

  it.each([
    ['a list of lists', 'lists.text'],
    ['a condition', 'list ? 1 : 2'],
    ['a filter', 'list[text = "x"]'],
    ['a membership', '"x" in list'],
    ['keys of an object', 'wide ? 1 : 2'],
  ])('is none where %s is long', (_, source) => {
    const list = Array.from({ length: 5_000 }, (__, n) => ({ text: `${n}` }));
    const record = { list, lists: [list, list], wide: Object.fromEntries(list.map(({ text }) => [text, 1])) };
    expect(compile(source)?.(record)).toBe(ELSEWHERE);
  });
});

const sample = {
  kind: 'lead',
  empty: '',
  nothing: null,
  spaced: ' \ta\r\n b \u00a0c ',
  one: ['x'],
  pair: ['p', 'q'],
  lone: [{ name: 'L' }],
  mails: [
    { value: 'a@x', kind: 'work', place: 1 },
    { value: 'b@x', kind: 'home', main: true, place: 1 },
    { value: 'c@x', kind: 'work', main: false, place: 1 },
  ],
  matrix: [['a'], ['b', 'c']],
  grid: [[{ v: ['a', 'b'] }, { v: ['c'] }]],
  cube: [[[{ v: 'a' }]]],
  lambda: { _jsonata_lambda: true },
  builtin: { _jsonata_function: true, v: 'a' },
  stream: { tupleStream: true },
  long: 'x'.repeat(10_000),
  many: Array.from({ length: 1_001 }, (_, n) => n),
};

const compile = (source: string) => compileDirect(jsonata(source).ast());

function directly(source: string, record: unknown): unknown {
  const evaluate = compile(source);
  return evaluate ? evaluate(record) : ELSEWHERE;
}

const byJsonata = (source: string, record: unknown): Promise<unknown> =>
  jsonata(source)
    .evaluate(record)
    .catch(({ code }: { code: string }) => ({ fails: code }));

/** JSONata marks lists that it made itself. */
const plainLists = (value: unknown): unknown =>
  Array.isArray(value) ? Array.from(value, plainLists) : value;

const TEXTS = [
  '',
  ' ',
  'x',
  'xx',
  ' a  b ',
  '\u00a0x\u00a0',
  '\tÉ\r\n',
  '😀x😀',
  '1',
  '-1.5e3',
  '0x1F',
  '1e999',
];
const NUMBERS = [0, -0, 1, 2, -3.5, 0.1 + 0.2, 1 / 3, 1e21, 1e300, 5e-324];

const scalars = fc.constantFrom(...TEXTS, ...NUMBERS, true, false, null);
const names = fc.constantFrom('a', 'b', 'c');

/** The names in the end mean something to JSONata, or to JavaScript. */
const oddNames = fc.constantFrom('tupleStream', '_jsonata_lambda', '__proto__');

function records(): fc.Arbitrary<unknown> {
  const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      { weight: 5, arbitrary: scalars },
      { weight: 2, arbitrary: tie('object') },
      { weight: 1, arbitrary: fc.array(tie('object'), { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...TEXTS), { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    ),
    object: fc.dictionary(
      fc.oneof({ weight: 20, arbitrary: names }, { weight: 1, arbitrary: oddNames }),
      tie('value'),
      { maxKeys: 4 },
    ),
  }));
  return fc
    .record({ a: value, b: value, c: value }, { requiredKeys: [] })
    .map((record) => JSON.parse(JSON.stringify(record)));
}

function expressions(): fc.Arbitrary<string> {
  const one = 'exists count boolean not string number length trim lowercase uppercase join'.split(' ');
  const two = 'substring substringBefore substringAfter contains split join'.split(' ');
  const three = ['substring', 'replace', 'split'];
  const operators = '& & = != < <= > >= + - * / % in and or ?: ??'.split(' ');
  const { bound } = fc.letrec<Record<'bound' | 'any' | 'path' | 'small' | 'filter', string>>((tie) => {
    const [any, path, small, filter] = [tie('any'), tie('path'), tie('small'), tie('filter')];
    const operator = fc.constantFrom(...operators);
    return {
      bound: fc.oneof(any, text`($x := ${path}; ${any})`, text`($x := ${any}; $x ? $x : ${any})`),
      path: steps(text`${names}${filter}${filter}`),
      small: fc.oneof(
        path,
        fc.constantFrom(...TEXTS.map((each) => JSON.stringify(each)), '-1', '0', '1', '2'),
      ),
      filter: fc.oneof(
        { maxDepth: 1, depthIdentifier: 'filter' },
        { weight: 8, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom('[0]', '[1]', '[-1]', '[1.5]') },
        { weight: 1, arbitrary: text`[${any}]` },
      ),
      any: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'any' },
        { weight: 6, arbitrary: path },
        {
          weight: 2,
          arbitrary: scalars.map((value) => (Object.is(value, -0) ? '-0' : JSON.stringify(value))),
        },
        { weight: 1, arbitrary: text`$x${filter}` },
        { weight: 2, arbitrary: text`(${any} ${operator} ${any})${filter}` },
        { weight: 2, arbitrary: text`${any} ${operator} ${any}` },
        { weight: 2, arbitrary: text`(${any} ? ${any} : ${any})` },
        { weight: 1, arbitrary: text`(${any} ? ${any})` },
        { weight: 2, arbitrary: text`($x := ${any}; ($x := ${any}; $x & ${any}) & $x)` },
        { weight: 3, arbitrary: text`[${any}, ${any}]${filter}` },
        { weight: 1, arbitrary: text`-(${any})` },
        { weight: 2, arbitrary: text`$${fc.constantFrom(...one)}(${any})` },
        { weight: 2, arbitrary: text`$${fc.constantFrom(...one)}(${small})` },
        { weight: 2, arbitrary: text`$${fc.constantFrom(...two)}(${small}, ${small})${filter}` },
        { weight: 2, arbitrary: text`$${fc.constantFrom(...three)}(${small}, ${small}, ${small})` },
      ),
    };
  });
  return bound;
}

const steps = (step: fc.Arbitrary<string>) =>
  fc.array(step, { minLength: 1, maxLength: 3 }).map((path) => path.join('.'));

function text(parts: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...holes).map((filled) => String.raw({ raw: parts }, ...filled));
}
