import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const STAMP = 'dist/.prisma-stamp';

/** Generates the Prisma client when its schema or its version changed; ends the process when that fails. */
export function generatePrismaClient() {
  const hash = createHash('sha256')
    .update(readFileSync('prisma/schema.prisma'))
    .update(readFileSync('package-lock.json'))
    .digest('hex');
  const isCurrent = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash;
  if (isCurrent && existsSync('prisma/generated/client.ts')) return;
  const { status } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // It never runs the schema engine, yet its CLI wants to download it: any existing executable in this variable
    // keeps it from trying (docs/decisions/0002-prisma-without-binaries.md).
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync('dist', { recursive: true });
  writeFileSync(STAMP, hash);
}
