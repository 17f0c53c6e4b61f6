import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/**
 * Starts a script of bash: `rollcall` is the command line, `fake` what `npm run fake` starts, `$gone` the number of a
 * pipe whose reader has gone away. The script may end with `exec $rollcall …` to become that process.
 */
export function shell(script: string, env: Record<string, string>): Shell {
  const child = spawn('bash', ['-c', `${PREPARED}\n${script}`], {
    env: { PATH: process.env.PATH ?? '', ROLLCALL_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...output }));
  return { child, ended };
}

export interface Shell {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

const PREPARED = `
rollcall='${process.execPath} ${path.resolve('dist/bin/rollcall.js')}'
fake='${process.execPath} ${path.resolve('scripts/fake.mjs')}'
exec {gone}> >(:)
wait $!
`;
