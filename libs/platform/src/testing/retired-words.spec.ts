import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { RETIRED_WORDS } from './retired-words.js';

describe('retired words', () => {
  it('stand nowhere in the project', () => expect(sourceFiles().flatMap(foundIn)).toEqual([]));

  it.each([
    ['an identifier', { path: 'libs/a.ts', text: 'one\nnew SyncSweeps();' }, 'libs/a.ts:2'],
    ['one in a comment', { path: 'libs/a.ts', text: '/** See `KeyDecision`. */' }, 'libs/a.ts:1'],
    ['an import', { path: 'libs/a.ts', text: "import './sync.sweeps.js';" }, 'libs/a.ts:1'],
    ['a property', { path: 'docs/a.md', text: 'its `connector.manifest`' }, 'docs/a.md:1'],
    ['a file name', { path: 'libs/sync/src/runs/run-pages.ts', text: '' }, 'libs/sync/src/runs/run-pages.ts'],
    ['a folder', { path: 'libs/sync/src/imports/a.ts', text: '' }, 'libs/sync/src/imports/a.ts'],
  ])('are found with their place when they come back: %s', (_what, source, place) =>
    expect(foundIn(source)).toEqual([expect.stringMatching(`^${place}: .+ is called .+ now$`)]),
  );

  it.each(['canSweep', 'SyncSweepsAgain', 'resweeper', 'try-connector.manifest-file'])(
    'are whole words, which %s is not',
    (text) => expect(foundIn({ path: 'libs/a.ts', text })).toEqual([]),
  );

  it('are each retired once, and for a word that is in use', () => {
    const retired = RETIRED_WORDS.map((word) => word.retired);
    expect(new Set(retired).size).toBe(retired.length);
    expect(RETIRED_WORDS.filter(({ now }) => retired.includes(now))).toEqual([]);
  });
});

interface Source {
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ['apps', 'libs', 'test', 'bench', 'scripts', 'docs', 'prisma'];
const PAGES = ['README.md', 'CONTRIBUTING.md', '.dependency-cruiser.cjs'];
const READ = new Set(['.ts', '.mjs', '.cjs', '.md', '.yaml', '.prisma']);

/** The list itself, and this. */
const EXEMPT = /\/retired-words\./;

function sourceFiles(): Source[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ).filter((path) => READ.has(extname(path)) && !path.startsWith('prisma/generated/') && !EXEMPT.test(path));
  return [...PAGES, ...inFolders].map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

const escaped = (text: string) => text.replaceAll('.', '\\.');
const ANY = new RegExp(
  `(?<![\\w-])(?:${RETIRED_WORDS.map(({ retired }) => escaped(retired)).join('|')})(?![\\w-])`,
  'g',
);
const NOW = new Map(RETIRED_WORDS.map(({ retired, now }) => [retired, now]));

function foundIn({ path, text }: Source): string[] {
  const inText = text.split('\n').flatMap((line, at) => complaints(`${path}:${at + 1}`, line));
  return [...complaints(path, path), ...inText];
}

const complaints = (place: string, text: string): string[] =>
  [...text.matchAll(ANY)].map(([word]) => `${place}: ${word} is called ${NOW.get(word)} now`);
