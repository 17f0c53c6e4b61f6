import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Door, Entry } from './entries.js';

const FOLDER = path.resolve('test/corpus/found');

interface FoundFile {
  readonly name: string;
  readonly door: Door;
  /** In base64: it need not be text. */
  readonly content: string;
}

/** What fuzzing has found and was mended since: any answer will do, as long as it is one and the loop stays free. */
export const foundEntries = (): Entry[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const { name, door, content }: FoundFile = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));
      return { name, door, content: () => Buffer.from(content, 'base64').toString('utf8'), expected: [] };
    });

/** Keeps what was found, to be looked at and committed. @returns the file */
export function keepFound({ name, door, content }: Entry): string {
  const found: FoundFile = { name, door, content: Buffer.from(content()).toString('base64') };
  const text = JSON.stringify(found, null, 2);
  const file = path.join(FOLDER, `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, `${text}\n`);
  return file;
}
