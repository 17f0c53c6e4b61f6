import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The program of an earlier release, built from the history with the packages of this checkout, once in a checkout.
 * @returns the path of its command line
 */
export async function buildRelease(commit: string): Promise<string> {
  const home = path.resolve('dist/earlier', commit);
  if (!existsSync(home)) await build(commit, home);
  return path.join(home, 'dist/apps/cli/src/main.js');
}

/** Beside, and put in its place when it is whole. */
async function build(commit: string, home: string): Promise<void> {
  const draft = `${home}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const env = { ...process.env, GIT_INDEX_FILE: path.join(draft, '.index') };
  await run('git', ['read-tree', commit], { env });
  await run('git', ['checkout-index', '--all', `--prefix=${draft}/`], { env });
  // What only earlier releases import (fast-xml-parser) stays among our devDependencies for this.
  symlinkSync(path.resolve('node_modules'), path.join(draft, 'node_modules'));
  await run(process.execPath, ['scripts/build.mjs'], { cwd: draft });
  renameSync(draft, home);
}
