import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { closeLater } from './clean-up.mjs';

const run = promisify(execFile);
const hasPgbench = run('pgbench', ['--version']).then(
  () => true,
  ({ code }) => {
    if (code === 'ENOENT') return false;
    throw new Error('pgbench is there but does not run');
  },
);

export async function noteMissingPgbench() {
  if (await hasPgbench) return;
  console.log('*** pgbench is not on the PATH: every comparison with it is LEFT OUT of this run. ***');
}

/**
 * Contenders that run a script of pgbench's, or none where pgbench is missing. A prepared statement per connection.
 * @param {{ name: string, url: string, script: string, clients: number, seconds: number, each?: number,
 *   variables?: Record<string, string>, aim?: number }} wanted
 * @returns {Promise<(import('./compare.mjs').Contender & { aim?: number })[]>}
 */
export async function pgbench({ name, url, script, clients, seconds, each = 1, variables = {}, aim }) {
  if (!(await hasPgbench)) return [];
  const folder = mkdtempSync(path.join(tmpdir(), 'rollcall-bench-'));
  closeLater(async () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'script.sql');
  writeFileSync(file, script);
  const bound = Object.entries(variables).flatMap(([variable, value]) => ['-D', `${variable}=${value}`]);
  const length = Math.ceil(seconds);
  const args = ['-n', '-M', 'prepared', '-j', 1, '-c', clients, '-T', length, ...bound, '-f', file, url];
  const round = async () => {
    const { stdout } = await onceAdmitted(() => run('pgbench', args.map(String)));
    return each * transactionsPerSecond(stdout);
  };
  return [{ name, round, ...(aim !== undefined && { aim }) }];
}

/** A server that is shared may be full for a moment. */
async function onceAdmitted(work, tries = 20) {
  try {
    return await work();
  } catch (error) {
    if (tries === 0 || !/too many clients|remaining connection slots/.test(error.stderr)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return onceAdmitted(work, tries - 1);
  }
}

function transactionsPerSecond(output) {
  const [, tps] = /tps = ([\d.]+)/.exec(output) ?? [];
  if (!tps || !/number of failed transactions: 0 /.test(output))
    throw new Error(`pgbench failed:\n${output}`);
  return Number(tps);
}
