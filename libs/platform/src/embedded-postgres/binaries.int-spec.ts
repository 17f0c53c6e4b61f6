import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BinaryPackage, installedPackage, prepareBinaries } from './binaries.js';
import { isRoot, serverAccount } from './server-account.js';

const asRoot = isRoot() ? it : it.skip;

describe('the programs of PostgreSQL', () => {
  let root: string;
  let copies: string;

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-binaries-'));
    copies = mkdtempSync(path.join(os.tmpdir(), 'rollcall-copies-'));
    for (const dir of [root, copies]) chmodSync(dir, 0o755);
  });

  afterEach(() => {
    for (const dir of [root, copies]) rmSync(dir, { recursive: true });
  });

  it('run where npm put them', () => {
    const binaries = prepareBinaries({}, copies);
    expect(versionOf(binaries.postgres)).toContain('PostgreSQL');
    expect(readdirSync(copies)).toEqual([]);
  });

  it('run when npm skipped the install script that makes links and modes', () => {
    const bare = bareCopy(root);
    const binaries = prepareBinaries({}, copies, bare);
    expect(binaries.postgres.startsWith(bare.dir)).toBe(true);
    expect(versionOf(binaries.postgres)).toContain('PostgreSQL');
    expect(versionOf(binaries.initdb)).toContain('PostgreSQL');
  });

  asRoot('are copied once to where the account can run them', () => {
    const hidden = bareCopy(root);
    chmodSync(root, 0o700);
    const account = serverAccount(path.join(root, 'none'));
    const [first, second] = [
      prepareBinaries(account, copies, hidden),
      prepareBinaries(account, copies, hidden),
    ];
    expect(first).toEqual(second);
    expect(readdirSync(copies)).toEqual([`postgresql-${hidden.version}`]);
    expect(versionOf(first.postgres, account)).toContain('PostgreSQL');
  });
});

const versionOf = (program: string, account = {}) =>
  execFileSync(program, ['--version'], { encoding: 'utf8', cwd: '/', ...account });

/** What npm unpacks before any script runs. */
function bareCopy(root: string): BinaryPackage {
  const { dir: installed, version } = installedPackage();
  const dir = path.join(root, 'package');
  const isLink = (file: string) => lstatSync(file).isSymbolicLink();
  cpSync(path.join(installed, 'native'), path.join(dir, 'native'), {
    recursive: true,
    filter: (file) => !isLink(file),
  });
  expect(
    JSON.parse(readFileSync(path.join(dir, 'native', 'pg-symlinks.json'), 'utf8')).length,
  ).toBeGreaterThan(0);
  for (const program of ['postgres', 'initdb']) chmodSync(path.join(dir, 'native', 'bin', program), 0o644);
  return { dir, version };
}
