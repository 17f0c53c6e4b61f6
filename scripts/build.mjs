// Builds the project: the Prisma client when its schema changed, then TypeScript (incremental).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

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

function run(script, args, env = {}) {
  execFileSync(process.execPath, [`node_modules/${script}`, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
}
