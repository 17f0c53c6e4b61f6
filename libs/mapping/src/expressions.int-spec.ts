import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExpressionError, HopelessExpressionsError } from './expression.errors.js';
import { compileExpressions, type EvaluateOptions, Expressions } from './expressions.js';

/** Twelve optional parts make a pattern that tries every way to share out 300 arguments: it outlives everybody. */
const NATIVE_SEARCH = `($f := function($x)<${'s+'.repeat(12)}n:s>{ 1 }; $f(${Array(300).fill('"a"').join()}))`;
const twice = (made: string, times: number, start = '"ab"') =>
  `($d := function($s, $n) { $n = 0 ? $s : $d(${made}, $n - 1) }; $d(${start}, ${times}))`;

describe('expressions of a document', () => {
  it('give each record its values, in order, whoever evaluates them', async () => {
    const expressions = await compiled('name', '$map(tags, function($tag) { $uppercase($tag) })', 'missing');
    const records = Array.from({ length: 120 }, (_, n) => ({
      name: `n${n}`,
      tags: n % 3 === 0 ? ['a', `b${n}`] : [],
    }));
    expect(await expressions.evaluate(records)).toEqual(
      records.map(({ name }, n) => [name, n % 3 === 0 ? ['A', `B${n}`] : undefined, undefined]),
    );
  });

  it('say of any path over any value what JSONata says of it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.object({ key: fc.constantFrom('a', 'b', 'c'), maxDepth: 4 }),
        fc
          .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
          .map((names) => names.join('.')),
        async (input, path) => {
          const record = JSON.parse(JSON.stringify(input));
          const [[direct, whole] = []] = await (await compiled(path, `$$.(${path})`)).evaluate([record]);
          expect(direct).toEqual(whole);
        },
      ),
      { numRuns: 50 },
    ));

  it('are kept apart when they are evaluated at the same time', async () => {
    const expressions = await compiled('($map([1..20], function($n) { $n + $$.n }); $$.n)');
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => expressions.evaluate([{ n }])));
    expect(answers.flat(2)).toEqual([1, 2, 3, 4, 5]);
  });

  it('cannot reach prototypes, leave functions behind, or reach the process', async () => {
    expect(await gives('__proto__.constructor', {})).toBeUndefined();
    expect(await gives('function($x) { $x }', {})).toBeUndefined();
    expect(await gives('{ "__proto__": { "polluted": true } }.polluted', {})).toBeUndefined();
    expect('polluted' in {}).toBe(false);
    expect(await gives('$$.process ? 1 : $$.constructor ? 2 : 3', {})).toBe(3);
  });

  it.each([
    ['a text', '$pad("7", -3, "0") & $pad("7", 3, "0")', '007700'],
    ['half of a pair', '$substring("😀", 0, 1) & "\\ud800"', '😀\ud800'],
    ['an object', '{ "a": $map([1..2], function($n) { $n }) }', { a: [1, 2] }],
    ['false', '$map([1], function() { false })', false],
    ['a small number', '$map([1], function() { 1e-300 })', 1e-300],
  ])('bring home %s as it is', async (_, source, value) => {
    expect(await gives(source, {})).toEqual(value);
  });

  it('word their own faults, and quote no record', async () => {
    const expressions = await compiled('name + 1', '$error(name)', '$number(name)');
    const [values = []] = await expressions.evaluate([{ name: 'Ada Lovelace' }]);
    expect(values).toEqual(values.map(() => expect.any(ExpressionError)));
    expect(values.map((error) => (error as Error).message).join()).not.toContain('Ada');
  });

  it.each([
    ['a regular expression', '$match(name, /(a+)+$/)'],
    ['$eval', '($e := $eval; $e("1"))'],
    ['what is no expression', 'a +'],
    ['more than 4,000 characters', `"${'x'.repeat(4_000)}"`],
  ])('are refused for %s', async (_, source) => {
    const { faults } = await compileExpressions([
      { field: 'name', source },
      { field: 'other', source: 'fine' },
    ]);
    expect(faults).toEqual([
      { field: 'name', error: expect.objectContaining({ code: 'INVALID_EXPRESSION' }) },
    ]);
  });
});

describe('an expression that goes too far', () => {
  it.each([
    ['recurses for ever', '($f := function($x) { $f($x) }; $f(1))'],
    ['recurses too deep', '($f := function($x) { 1 + $f($x) }; $f(1))'],
    ['searches natively for ever', NATIVE_SEARCH],
    ['compares all with all', '$count($distinct([1..99999]))'],
    ['makes a huge range', '[1..100000000]'],
    ['makes a list of lists of lists', twice('[$s, $s]', 24)],
    ['makes a text that V8 cannot hold', `$length(${twice('$s & $s', 24)})`],
    ['makes a text that nobody wants', twice('$s & $s', 24)],
    ['makes a text of a list', '$string($map([1..99999], function($n) { "abcdefghijklmnopqrstuvwxyz" }))'],
    ['makes an object that JSON writes for ever', twice('{ "a": $s, "b": $s }', 24)],
    ['makes more keys than anybody reads', '$merge($map([1..90000], function($n) { { $string($n): $n } }))'],
    [
      'fills the memory',
      '$reduce([1..60], function($a, $n) { $append($a, $map($a, function($x) { { "x": $x } })) }, [1])',
    ],
    ['pads without end', '$pad("x", 1000000000)'],
    ['zips and sorts', '$sort($zip([1..99999], [1..99999], [1..99999]), function($a, $b) { $a[0] < $b[0] })'],
    ['replaces by more than it took', '$replace($pad("x", 9999, "x"), "x", $pad("y", 9999, "y"))'],
  ])('is stopped for its record alone when it %s', async (_, source) => {
    const expressions = await compiled('name', `bad ? (${source})`);
    const results = await expressions.evaluate([{ name: 'a' }, { name: 'b', bad: true }, { name: 'c' }]);
    expect(results).toEqual([
      ['a', undefined],
      ['b', expect.objectContaining({ code: 'EXPRESSION_LIMIT' })],
      ['c', undefined],
    ]);
  });

  it.each([
    ['takes for ever to compile', `${'('.repeat(60)}a${' ?? b)'.repeat(60)}`],
    ['takes for ever to compile in another way', `${'('.repeat(60)}a${' ?: b)'.repeat(60)}`],
  ])('is refused when it %s, and its neighbours are not', async (_, source) => {
    const { faults, expressions } = await compileExpressions([
      { field: 'bad', source },
      { field: 'good', source: 'a ?? b' },
    ]);
    expect(faults).toMatchObject([{ field: 'bad', error: { code: 'INVALID_EXPRESSION' } }]);
    expect(expressions.all.map(({ field }) => field)).toEqual(['good']);
  });

  it('is named among several of its record', async () => {
    const expressions = await compiled('$map([1], function($n) { $n })', NATIVE_SEARCH, '$now()');
    const [values = []] = await expressions.evaluate([{}]);
    expect(values.map((value) => (value as Error).message)).toEqual([
      expect.stringContaining('was not evaluated'),
      expect.stringContaining('runs too long'),
      expect.stringContaining('was not evaluated'),
    ]);
  });

  it('is given up after five records in a row, with its place', async () => {
    const hopeless = (await compiled('$now()', NATIVE_SEARCH)).evaluate(
      Array.from({ length: 500 }, () => ({})),
    );
    await expect(hopeless).rejects.toThrow(HopelessExpressionsError);
    await expect(hopeless).rejects.toMatchObject({
      field: 'field 1',
      message: expect.stringMatching(/stopped on 5 records: field 1 runs too long/),
    });
  });

  it('does not make a document hopeless where it is an exception', async () => {
    const expressions = await compiled('bad ? $pad("x", 1000000000) : $now()');
    const results = await expressions.evaluate(Array.from({ length: 90 }, (_, n) => ({ bad: n % 9 === 0 })));
    expect(results.filter(([value]) => value instanceof ExpressionError)).toHaveLength(10);
  });

  it('has the time of the whole preview when there is such a time', async () => {
    const records = Array.from({ length: 20 }, () => ({}));
    const results = await evaluated(NATIVE_SEARCH, records, { budgetMs: 1_000 });
    expect(results).toHaveLength(20);
    expect(results.map((value) => (value as Error).message)).toContain('has no time left');
  });

  it('leaves the loop of this process free meanwhile', async () => {
    let turns = 0;
    const count = setInterval(() => turns++, 1);
    await evaluated(NATIVE_SEARCH, [{}]);
    clearInterval(count);
    expect(turns).toBeGreaterThan(50);
  });
});

async function compiled(...sources: string[]): Promise<Expressions> {
  const { expressions, faults } = await compileExpressions(
    sources.map((source, place) => ({ field: `field ${place}`, source })),
  );
  expect(faults).toEqual([]);
  return expressions;
}

async function evaluated(source: string, records: readonly unknown[], options?: EvaluateOptions) {
  return (await (await compiled(source)).evaluate(records, options)).map(([value]) => value);
}

const gives = async (source: string, record: unknown) => (await evaluated(source, [record]))[0];
