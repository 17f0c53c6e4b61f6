// A PostgreSQL of its own for the length of some work, with an empty database.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../dist/libs/platform/src/embedded-postgres/start-embedded-postgres.js';

export async function onScratchServer(work) {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-migration-'));
  chmodSync(dataDir, 0o755); // For root's sake: its server is another user.
  const server = await startEmbeddedPostgres({ dataDir, log: (message) => console.error(message) });
  try {
    return await work(server.ownerUrl);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
