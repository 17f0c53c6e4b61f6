import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BinaryPackage, installedPackage, prepareBinaries } from './binaries.js';
import { isWholeCopy, mayReadTree } from './copied-tree.js';
import { isRoot, type ServerAccount, serverAccount } from './server-account.js';

let root: string;
let copies: string;
let said: string[];

const prepare = (account: ServerAccount, from = installedPackage()) =>
  prepareBinaries({ account, copies, from, log: (message) => said.push(message) });

describe('the programs of PostgreSQL', () => {
  beforeEach(makeFolders);
  afterEach(removeFolders);

  it('run where npm put them', () => {
    const binaries = prepare({});
    expect(versionOf(binaries.postgres)).toContain('PostgreSQL');
    expect(readdirSync(copies)).toEqual([]);
  });

  it('run when npm skipped the install script that makes links and modes', () => {
    const bare = bareCopy(root);
    const binaries = prepare({}, bare);
    expect(binaries.postgres.startsWith(bare.dir)).toBe(true);
    expect(versionOf(binaries.postgres)).toContain('PostgreSQL');
    expect(versionOf(binaries.initdb)).toContain('PostgreSQL');
  });

  it('leave no copy of another version, of a start that was killed, or without need', () => {
    const { version } = installedPackage();
    const superfluous = [
      'postgresql-17.6.0',
      `postgresql-${version}`,
      `postgresql-${version}-${randomUUID()}`,
    ];
    const others = ['postgres', 'postgresql-17-backup', 'postgresql.conf'];
    for (const name of [...superfluous, ...others])
      mkdirSync(path.join(copies, name, 'native'), { recursive: true });
    prepare({});
    expect(readdirSync(copies).sort()).toEqual(others);
  });

  it('are told from programs that run nowhere, whose copy does not stay', () => {
    const bare = bareCopy(root);
    fillWithZeros(path.join(bare.dir, 'native/bin/postgres'));
    expect(() => prepare({}, bare)).toThrow(/run neither where npm put them nor in .* or DATABASE_URL/);
    expect(readdirSync(copies)).toEqual([]);
  });
});

(isRoot() ? describe : describe.skip)('the programs of PostgreSQL below a folder of root', () => {
  let account: ServerAccount;
  let hidden: BinaryPackage;

  beforeAll(() => {
    makeFolders();
    hidden = bareCopy(root);
    chmodSync(root, 0o700);
    account = serverAccount(path.join(root, 'none'));
  });
  afterAll(removeFolders);

  const expectUsable = (native: string) => {
    for (const name of ['initdb', 'postgres'])
      expect(versionOf(path.join(native, 'bin', name), account)).toContain('PostgreSQL');
    expect(mayReadTree(native, account)).toBe(true);
    expect(isWholeCopy(path.join(hidden.dir, 'native'), native)).toBe(true);
  };

  it('are copied once to where the account can run them, which is said', () => {
    const [first, second] = [prepare(account, hidden), prepare(account, hidden)];
    expect(first).toEqual(second);
    expect(readdirSync(copies)).toEqual([`postgresql-${hidden.version}`]);
    expect(said).toContainEqual(
      expect.stringContaining(`${path.join(copies, `postgresql-${hidden.version}`)} is used`),
    );
  });

  it.each(['022', '027', '077', '777'])('are copied readable for the account with umask %s', (mask) => {
    for (const name of readdirSync(copies)) rmSync(path.join(copies, name), { recursive: true });
    const before = process.umask(Number.parseInt(mask, 8));
    try {
      expectUsable(nativeOf(prepare(account, hidden).postgres));
    } finally {
      process.umask(before);
    }
  });

  it.each<[string, (native: string) => void]>([
    ['with the modes of umask 077', (native) => execFileSync('chmod', ['-R', 'go=', native])],
    ['with one file that is private', (native) => chmodSync(path.join(native, BOOTSTRAP), 0o600)],
    ['with one folder that is private', (native) => chmodSync(path.join(native, 'share/postgresql'), 0o700)],
    ['that was cut short', (native) => rmSync(path.join(native, 'share'), { recursive: true })],
    ['that is empty', (native) => rmSync(native, { recursive: true })],
    ['with a file that lost its content', (native) => truncateSync(path.join(native, BOOTSTRAP))],
    ['with a program of zeros', (native) => fillWithZeros(path.join(native, 'bin/postgres'))],
    ['whose program cannot be run', (native) => chmodSync(path.join(native, 'bin/initdb'), 0o644)],
    ['without a library', (native) => rmSync(path.join(native, 'lib/libpq.so.5.18'))],
  ])('are not taken from a copy %s', (_, damage) => {
    const native = nativeOf(prepare(account, hidden).postgres);
    damage(native);
    expect(nativeOf(prepare(account, hidden).postgres)).toBe(native);
    expectUsable(native);
  });
});

const BOOTSTRAP = 'share/postgresql/postgres.bki';

const nativeOf = (program: string) => path.dirname(path.dirname(program));

const fillWithZeros = (file: string) => writeFileSync(file, Buffer.alloc(statSync(file).size));

const versionOf = (program: string, account = {}) =>
  execFileSync(program, ['--version'], { encoding: 'utf8', cwd: '/', ...account });

function makeFolders(): void {
  said = [];
  root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-binaries-'));
  copies = mkdtempSync(path.join(os.tmpdir(), 'rollcall-copies-'));
  for (const dir of [root, copies]) chmodSync(dir, 0o755);
}

function removeFolders(): void {
  for (const dir of [root, copies]) rmSync(dir, { recursive: true });
}

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
