import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#platform';
import { errorGroups, errorTable, isErrorCode } from './error-table.js';
import { errorsPage } from './errors-page.js';
import { unansweredCodes } from './unanswered-codes.js';

const answered = Object.values(errorGroups).flatMap((rows) => Object.entries(rows));
const unanswered = Object.values(unansweredCodes).flatMap((codes) => Object.entries(codes));
const listed = [...answered, ...unanswered].map(([code]) => code);
const sources = sourcesIn('apps', 'libs');

describe('the tables of error codes', () => {
  it('have a row for every code that is thrown', () =>
    expect(thrownIn(sources).filter((code) => !listed.includes(code))).toEqual([]));

  it('have no row that nothing throws', () => {
    const made = new Set([...thrownIn(sources), ...refusedIn(sources)]);
    expect(listed.filter((code) => !made.has(code))).toEqual([]);
  });

  it('name each code once, in words that a program can hold on to', () => {
    expect(new Set(listed).size).toBe(listed.length);
    for (const code of listed) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it.each(answered)('answer %s with a status that is a refusal, and say what helps', (code, row) => {
    expect(errorTable).toHaveProperty(code, row);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
    for (const text of [row.meaning, row.advice]) expect(text).toMatch(/^[^|\n]{3,120}$/);
  });

  it('know no code by what every object has', () => {
    for (const code of ['toString', '__proto__', 'constructor', '', 404, undefined]) {
      expect(isErrorCode(code)).toBe(false);
    }
  });

  it('are docs/errors.md', () =>
    expect(readFileSync(path.join(projectRoot(), 'docs', 'errors.md'), 'utf8')).toBe(errorsPage()));
});

describe('how thrown codes are found', () => {
  it.each([
    ["readonly code = 'A_B';", ['A_B']],
    ["override readonly code = 'A_B' as const;", ['A_B']],
    ["readonly code: string = 'A_B';", ['A_B']],
    ["readonly code: 'A_B' | 'C_D',", ['A_B', 'C_D']],
    ["if (code === 'A_B') throw error;", []],
  ])('%s', (source, codes) => expect(thrownIn([`class E extends Error {\n  ${source}\n}`])).toEqual(codes));
});

/** Of classes that are errors: records of runs and rows have codes of their own. */
function thrownIn(texts: readonly string[]): string[] {
  const errors = texts
    .flatMap((text) => text.split(/^(?=(?:export )?(?:abstract )?class )/m))
    .filter(isErrorClass);
  const members = errors.flatMap((text) => [...text.matchAll(/readonly code\b(?::|\s*=)([^;,]*)[;,]/g)]);
  return members.flatMap(([, values = '']) =>
    [...values.matchAll(/'([A-Z_]+)'/g)].map(([, code = '']) => code),
  );
}

const isErrorClass = (text: string): boolean => /^(?:export )?(?:abstract )?class \w+ extends \w/.test(text);

/** What the front door refuses without an error of its own. */
const refusedIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => [...text.matchAll(/\brefusal\(\s*'([A-Z_]+)'/g)].map(([, code = '']) => code));

function sourcesIn(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const root = path.join(projectRoot(), folder);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const ours = files.filter(
      (file) => file.endsWith('.ts') && !/spec\.ts$|[/\\](fake|testing|dist)[/\\]/.test(file),
    );
    return ours.map((file) => readFileSync(path.join(root, file), 'utf8'));
  });
}
