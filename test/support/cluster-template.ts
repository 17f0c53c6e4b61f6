import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ServerAccount } from '../../libs/platform/src/embedded-postgres/server-account.js';

const run = promisify(execFile);

/** Makes `cluster` a new cluster, as initdb would: a copy of one that the run has made once, which is ten times as fast. */
export async function copyCluster(cluster: string, programs: string, account: ServerAccount): Promise<void> {
  const template = path.join(folderOfRun(), createHash('sha256').update(programs).digest('hex').slice(0, 8));
  if (!existsSync(template)) await makeTemplate(template, programs, account);
  await run('cp', ['-a', template, cluster], { ...account, cwd: '/' });
}

/** Two workers may make it at once: the first to be done has made it. */
async function makeTemplate(template: string, programs: string, account: ServerAccount): Promise<void> {
  const mine = await mkdtemp(`${template}-`);
  const cluster = path.join(mine, 'cluster');
  await run('chown', [String(account.uid ?? process.getuid?.()), mine]);
  await run(path.join(programs, 'initdb'), ['-D', cluster, '-A', 'trust', '-U', 'postgres', ...QUICKLY], {
    ...account,
    cwd: '/',
  });
  await rename(cluster, template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(mine, { recursive: true, force: true });
}

const QUICKLY = ['--no-sync', '--encoding=UTF8', '--locale=C'];

function folderOfRun(): string {
  const text = process.env.ROLLCALL_TEST_SERVICES;
  if (!text) throw new Error('The services of this test run are missing: run jest with jest.config.mjs');
  return JSON.parse(text).clusters;
}
