import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageVersion } from '../package-version.js';
import { prismaFolder, readMigrations, statedOldestCode } from './migrations-folder.js';
import { isNewer, isVersion } from './version.js';

/**
 * What databases out there hold: by release, each migration with its checksum. A migration whose release is older than
 * `package.json` is there for good, and so is its line in `released.json`.
 */
const released: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(path.join(prismaFolder(), 'released.json'), 'utf8'),
);
const releaseOf = new Map(
  Object.entries(released).flatMap(([version, all]) => Object.keys(all).map((name) => [name, version])),
);
const migrations = await readMigrations();

describe('released.json', () => {
  it('names every migration in the release that ships it, with its checksum', () => {
    const shipped = Object.assign({}, ...Object.values(released));
    expect(Object.fromEntries(migrations.map(({ name, checksums }) => [name, checksums[0]]))).toEqual(
      shipped,
    );
  });

  it.each(Object.keys(released))('has no release that is still to come: %s', (version) => {
    expect(isVersion(version)).toBe(true);
    expect(isNewer(version, packageVersion())).toBe(false);
  });
});

describe.each(migrations)('the migration $name', ({ name, sql, oldestCode }) => {
  const release = releaseOf.get(name) ?? packageVersion();

  it('says in its first line which code may still run, at the newest its own release', () => {
    // Those of the first release are older than the line.
    if (release !== '0.1.0') expect(statedOldestCode(sql)).toBeDefined();
    expect(isVersion(oldestCode)).toBe(true);
    expect(isNewer(oldestCode, release)).toBe(false);
  });

  it('is one transaction, which it neither begins nor ends', () => {
    expect(sql).not.toMatch(/^\s*(begin|commit|rollback|start transaction)\s*;/im);
    expect(sql).not.toMatch(/\bconcurrently\b/i);
  });
});

describe('the line', () => {
  it.each(['-- Oldest code: 0.2.0\ncreate', '-- Oldest code: 10.0.12\r\ncreate'])('is read: %j', (sql) => {
    expect(statedOldestCode(sql)).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each([
    'create table a ();\n-- Oldest code: 0.2.0\n',
    '-- Oldest code: 0.2\n',
    '-- Oldest code: latest\n',
    '-- oldest code 0.2.0\n',
    '\n-- Oldest code: 0.2.0\n',
  ])('is nothing else: %j', (sql) => {
    expect(statedOldestCode(sql)).toBeUndefined();
  });
});
