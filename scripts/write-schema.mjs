// Writes prisma/schema.sql: what all migrations together make (npm run build && node scripts/write-schema.mjs).
import { writeFileSync } from 'node:fs';
import { applyMigrations } from '../dist/libs/platform/src/migrations/apply-migrations.js';
import { schemaText, schemaTextFile } from '../dist/libs/platform/src/migrations/schema-text.js';
import { onScratchServer } from './scratch-server.mjs';

const text = await onScratchServer(async (url) => {
  await applyMigrations(url);
  return schemaText(url);
});
writeFileSync(schemaTextFile(), text);
