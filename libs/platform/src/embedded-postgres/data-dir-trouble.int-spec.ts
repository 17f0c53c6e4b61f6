import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isRoot } from './server-account.js';
import { startEmbeddedPostgres } from './start-embedded-postgres.js';

let root: string;
let undo: (() => void)[];

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-trouble-'));
  chmodSync(root, 0o755);
  undo = [];
});

afterEach(() => {
  for (const step of undo.reverse()) step();
  rmSync(root, { recursive: true, force: true });
});

/** Starts it and stops it again; rejects with what the start said. */
const run = async (dataDir: string) =>
  (await startEmbeddedPostgres({ dataDir, log: () => undefined, refuges: [] })).stop();

const failsWith = async (dataDir: string, reason: RegExp) => {
  const said = await run(dataDir).then(
    () => 'it started',
    (error: Error) => error.message,
  );
  expect(said).toMatch(/^ROLLCALL_DATA_DIR: the folder \S+ cannot hold the embedded database: /);
  expect(said).toMatch(reason);
  expect(said).toMatch(/ROLLCALL_DATA_DIR to a .*, or set DATABASE_URL to a PostgreSQL of yours\.$/);
  expect(said.split('\n')).toHaveLength(1);
};

describe('a data directory that cannot hold a database names its setting and what to do', () => {
  it.each<[string, (dir: string) => string]>([
    ['a file', (dir) => file(dir)],
    ['below a file', (dir) => path.join(file(dir), 'data')],
    ['a link to nowhere', (dir) => link('/nowhere/at/all', path.join(dir, 'link'))],
    ['a link to itself', (dir) => link('link', path.join(dir, 'link'))],
    ['of a name that is too long', (dir) => path.join(dir, 'x'.repeat(300))],
  ])('when it is %s', (_, make) => failsWith(make(root), /something on its path is not a folder/));
});

(mayMount() ? describe : describe.skip)('a data directory on a file system', () => {
  it.each<[string, (dir: string) => void]>([
    ['that is read-only', (dir) => mount(dir, 'size=1m,ro')],
    ['that turned read-only after the data was made', (dir) => makeDataThen(dir, () => remount(dir, 'ro'))],
  ])('%s', async (_, make) => {
    make(root);
    await failsWith(path.join(root, 'data'), /its file system is read-only \(EROFS/);
  });

  it.each(['', 'data'])('that may not be changed (“%s”)', async (name) => {
    const dir = path.join(root, name);
    mkdirSync(dir, { recursive: true });
    if (!immutable(dir)) return;
    await failsWith(path.join(root, 'data'), /this user may not write there \(E(PERM|ACCES)/);
  });

  it.each(['1m', '8m', '30m'])('that has room for %s alone', async (size) => {
    mount(root, `size=${size}`);
    const dataDir = path.join(root, 'data');
    await failsWith(dataDir, /its disk is full \(.*no space left on device/i);
    expect(readdirSync(dataDir).filter((name) => /new-|initdb/.test(name))).toEqual([]);
  });

  it('that was filled after the data was made', async () => {
    mount(root, 'size=100m');
    const dataDir = path.join(root, 'data');
    await run(dataDir);
    fill(path.join(root, 'filler'));
    await failsWith(dataDir, /its disk is full/);
    rmSync(path.join(root, 'filler'));
    await run(dataDir);
  });

  it('is used again once there is room', async () => {
    mount(root, 'size=30m');
    const dataDir = path.join(root, 'data');
    await failsWith(dataDir, /its disk is full/);
    remount(root, 'size=300m');
    await run(dataDir);
  });
});

/** A container's root may often not. */
function mayMount(): boolean {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-mount-'));
  const mounted = isRoot() && spawnSync('mount', ['-t', 'tmpfs', 'none', dir]).status === 0;
  if (mounted) execFileSync('umount', [dir]);
  rmSync(dir, { recursive: true });
  return mounted;
}

function file(dir: string): string {
  const name = path.join(dir, 'file');
  writeFileSync(name, '');
  return name;
}

function link(target: string, name: string): string {
  symlinkSync(target, name);
  return name;
}

function mount(dir: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=755,${options}`, 'none', dir]);
  undo.push(() => execFileSync('umount', [dir]));
}

function fill(name: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${name}`, 'bs=4k']);
}

const remount = (dir: string, options: string) => execFileSync('mount', ['-o', `remount,${options}`, dir]);

function makeDataThen(dir: string, then: () => void): void {
  mount(dir, 'size=300m');
  mkdirSync(path.join(dir, 'data'));
  then();
}

/** Root passes over modes. Not every file system knows this attribute. */
function immutable(dir: string): boolean {
  try {
    execFileSync('chattr', ['+i', dir], { stdio: 'ignore' });
  } catch {
    return false;
  }
  undo.push(() => execFileSync('chattr', ['-i', dir]));
  return true;
}
