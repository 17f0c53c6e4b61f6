// Writes a new migration with the SQL that brings prisma/migrations up to prisma/schema.prisma:
//   npm run build && node scripts/new-migration.mjs add_something
// Functions, triggers and checks are outside Prisma's language: add them to the file by hand.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../dist/libs/platform/src/embedded-postgres/start-embedded-postgres.js';
import { applyMigrations } from '../dist/libs/platform/src/migrations/apply-migrations.js';
import { diffSchema } from '../dist/libs/platform/src/migrations/diff-schema.js';
import { prismaFolder } from '../dist/libs/platform/src/migrations/migrations-folder.js';

const name = process.argv[2] ?? '';
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('Usage: node scripts/new-migration.mjs NAME   (small letters, digits, underscores)');
  process.exit(2);
}

const sql = await onScratchServer(async (url) => {
  await applyMigrations(url);
  return diffSchema(url);
});
if (sql === '') {
  console.log('prisma/schema.prisma and the migrations agree: nothing to write.');
} else {
  console.log(`Wrote ${write(sql)}. Read it before you commit it.`);
}

async function onScratchServer(work) {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-migration-'));
  chmodSync(dataDir, 0o755); // For root's sake: its server is another user.
  const server = await startEmbeddedPostgres({ dataDir, log: (message) => console.error(message) });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function write(script) {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const dir = path.join(prismaFolder(), 'migrations', `${stamp}_${name}`);
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'migration.sql'), script);
  return path.relative(process.cwd(), path.join(dir, 'migration.sql'));
}
