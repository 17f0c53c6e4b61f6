import fc from 'fast-check';
import { type Entry, entries } from './entries.js';

/** What is done to a text: a stretch of it, from here and so long, is left out, doubled or replaced. */
interface Mutation {
  readonly from: number;
  readonly length: number;
  readonly times: number;
  readonly by: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(20), fc.nat(100_000)),
  times: fc.constantFrom(0, 1, 2, 50),
  by: fc.constantFrom(
    '',
    '"',
    '\\',
    '[',
    ']',
    '{"a":',
    '}',
    ',',
    ':',
    '\n',
    '\0',
    '\ud800',
    '<',
    '&',
    '__proto__',
    '1e9',
    ' ',
  ),
});

const LONGEST = 9_000_000;

function mutated(text: string, { from, length, times, by }: Mutation): string {
  const start = Math.floor(from * text.length);
  const stretch = text.slice(start, start + length);
  return (text.slice(0, start) + stretch.repeat(times) + by + text.slice(start + length)).slice(0, LONGEST);
}

const fuzzed = entries.filter(({ door }) => ['body', 'webhook', 'import', 'vendor'].includes(door.at));

/** An entry of the corpus, changed here and there: no outcome is expected but that there is one. */
export const mutatedEntry: fc.Arbitrary<Entry> = fc
  .tuple(fc.constantFrom(...fuzzed), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([entry, mutations]) => {
    const content = () => mutations.reduce(mutated, entry.content());
    return { name: `${entry.name}, changed`, door: entry.door, content, expected: [] };
  });
