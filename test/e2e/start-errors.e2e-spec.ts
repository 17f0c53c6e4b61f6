import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeLong } from '../support/long.js';
import {
  PASSWORD,
  startUnusableWorld,
  type UnusableDatabase,
  type UnusableWorld,
  unusableDatabases,
} from '../support/unusable-databases.js';
import { freshSecretKey, rollcall } from './support/service-process.js';

// Shorter than the minute for which PostgreSQL keeps a connection that says nothing: nothing may wait for that.
jest.setTimeout(50_000);

/** What the server says, what the way to it says, and nothing said; libs/platform's start-errors.int-spec.ts has them all. */
const names = ['a wrong password', 'a host that accepts and says nothing', 'a host that cannot be found'];
const moreNames = [
  'no password (scram)',
  'no password (md5)',
  'a role whose sessions are read-only',
  'a database that is not there',
  'a role without a line in pg_hba.conf',
  'a role that must use TLS',
  'a certificate that nobody vouches for',
  'a pooler that refuses options',
  'a server with all its connections in use',
];
const members = unusableDatabases.filter(({ name, later }) => later || names.includes(name));
const moreMembers = unusableDatabases.filter(({ name }) => moreNames.includes(name));

describe('rollcall start', () => {
  let world: UnusableWorld;
  beforeAll(async () => {
    world = await startUnusableWorld();
  });
  afterAll(() => world.stop());

  const complaint = async (env: Record<string, string>) => {
    const { code, stderr } = await rollcall(['start'], { ROLLCALL_SECRET_KEY: freshSecretKey(), ...env });
    expect(code).toBe(1);
    expect(stderr).not.toContain(PASSWORD);
    const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(lines).toHaveLength(1);
    return lines[0];
  };

  const SAYS = 'says what is wrong with $name, and ends';
  const says = async (member: UnusableDatabase) => {
    const said = await complaint({ DATABASE_URL: member.url(world) });
    expect(said).toMatch(/^DATABASE_URL: PostgreSQL at \S+ cannot be used as role "\w+": /);
    expect(said).toMatch(member.says);
  };

  it.each(members)(SAYS, says);

  describeLong('with more of the same', () => {
    it.each(moreMembers)(SAYS, says);
  });

  it('says what is wrong with a data directory, and leaves nothing there', async () => {
    const root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-refused-'));
    writeFileSync(path.join(root, 'file'), '');
    expect(await complaint({ ROLLCALL_DATA_DIR: path.join(root, 'file', 'data') })).toMatch(
      /^ROLLCALL_DATA_DIR: the folder \S+ cannot hold the embedded database: .*, or set DATABASE_URL/,
    );
    expect(readdirSync(root)).toEqual(['file']);
    rmSync(root, { recursive: true });
  });
});
