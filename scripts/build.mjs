// Builds the project: the Prisma client when its schema changed, then TypeScript (incremental).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  stop(`Rollcall needs Node 20.19 or newer; this is ${process.version}.`);
if (!existsSync('node_modules/typescript')) stop('The packages are not there yet: run "npm install" first.');

const stamp = 'dist/.prisma-stamp';
const hash = createHash('sha256')
  .update(readFileSync('prisma/schema.prisma'))
  .update(readFileSync('package-lock.json'))
  .digest('hex');

if (!existsSync('prisma/generated/client.ts') || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  // `prisma generate` never runs the schema engine, yet its CLI wants to download it: any existing
  // executable in this variable keeps it from trying (docs/decisions/0002-prisma-without-binaries.md).
  run('prisma/build/index.js', ['generate'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  mkdirSync('dist', { recursive: true });
  writeFileSync(stamp, hash);
}
run('typescript/bin/tsc', ['-p', 'tsconfig.json']);
await import('./bundle.mjs');

/** What went wrong, the program said itself. */
function run(script, args, env = {}) {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

function stop(reason) {
  console.error(reason);
  process.exit(1);
}
