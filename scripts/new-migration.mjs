// Writes a new migration with the SQL that brings prisma/migrations up to prisma/schema.prisma:
//   npm run build && node scripts/new-migration.mjs add_something
// Functions, triggers and checks are outside Prisma's language: add them to the file by hand. Its first line says which
// code may still run on the schema (CONTRIBUTING.md, "a migration").
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyMigrations } from '../dist/libs/platform/src/migrations/apply-migrations.js';
import { diffSchema } from '../dist/libs/platform/src/migrations/diff-schema.js';
import {
  oldestCodeLine,
  prismaFolder,
  readMigrations,
} from '../dist/libs/platform/src/migrations/migrations-folder.js';
import { isNewer } from '../dist/libs/platform/src/migrations/version.js';
import { onScratchServer } from './scratch-server.mjs';

const name = process.argv[2] ?? '';
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('Usage: node scripts/new-migration.mjs NAME   (small letters, digits, underscores)');
  process.exit(2);
}

/** What may break code of the release before, which runs beside this one for a while. */
const TAKES_AWAY =
  /\b(DROP (TABLE|COLUMN|TYPE|CONSTRAINT|DEFAULT)|RENAME|SET NOT NULL|SET DATA TYPE)\b|ADD COLUMN[^,;]*NOT NULL(?!\s+DEFAULT)/;
const DOES_IT_EXPAND = `
It takes something away or makes it stricter. Code of the release before must be able to run on it: leave that to the
release after the one that stopped to need it, and raise the version in the first line.`;

const sql = await onScratchServer(async (url) => {
  await applyMigrations(url);
  return diffSchema(url);
});
if (sql === '') {
  console.log('prisma/schema.prisma and the migrations agree: nothing to write.');
} else {
  console.log(
    `Wrote ${write(`${oldestCodeLine(await oldestCodeSoFar())}\n${sql}`)}. Read it before you commit it,`,
  );
  console.log('and when it is as it should be: npm run build && node scripts/write-schema.mjs');
  if (TAKES_AWAY.test(sql)) console.log(DOES_IT_EXPAND);
}

/** What only adds lets run whatever could run before. */
async function oldestCodeSoFar() {
  const versions = (await readMigrations()).map(({ oldestCode }) => oldestCode);
  return versions.reduce((oldest, version) => (isNewer(version, oldest) ? version : oldest));
}

function write(script) {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const dir = path.join(prismaFolder(), 'migrations', `${stamp}_${name}`);
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'migration.sql'), script);
  return path.relative(process.cwd(), path.join(dir, 'migration.sql'));
}
