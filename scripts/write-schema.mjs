// Writes what follows from the migrations (npm run build && node scripts/write-schema.mjs): prisma/schema.sql, what they make
// together, and in prisma/released.json the checksums of those that the release in package.json is the first to have.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyMigrations } from '../dist/libs/platform/src/migrations/apply-migrations.js';
import { prismaFolder, readMigrations } from '../dist/libs/platform/src/migrations/migrations-folder.js';
import { schemaText, schemaTextFile } from '../dist/libs/platform/src/migrations/schema-text.js';
import { onScratchServer } from './scratch-server.mjs';

const text = await onScratchServer(async (url) => {
  await applyMigrations(url);
  return schemaText(url);
});
writeFileSync(schemaTextFile(), text);

const releasedFile = path.join(prismaFolder(), 'released.json');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { [version]: _, ...earlier } = JSON.parse(readFileSync(releasedFile, 'utf8'));
const there = new Set(Object.values(earlier).flatMap(Object.keys));
const fresh = (await readMigrations()).filter(({ name }) => !there.has(name));
const checksums = Object.fromEntries(fresh.map(({ name, checksums: [checksum] }) => [name, checksum]));
const released = fresh.length > 0 ? { ...earlier, [version]: checksums } : earlier;
writeFileSync(releasedFile, `${JSON.stringify(released, null, 2)}\n`);
