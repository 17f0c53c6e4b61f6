import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { applyMigrations, longWork, startEmbeddedPostgres, withConnection } from '#platform';
import { embeddedSuperuserUrl } from '#platform/testing';
import { closeLater } from '../measure/clean-up.mjs';

const OWN = 'postgres://postgres@127.0.0.1:5432/postgres';

/** @typedef {{ url: string, createDatabase(): Promise<string> }} Server */

/**
 * Gives `work` a PostgreSQL: the one at BENCH_DATABASE_URL (default: a local one), or the embedded one.
 * @param {(server: Server) => Promise<void>} work
 */
export async function withServer(work) {
  const url = process.env.BENCH_DATABASE_URL || OWN;
  const own = await answers(url);
  if (!own && process.env.BENCH_DATABASE_URL) throw new Error('no PostgreSQL answers at BENCH_DATABASE_URL');
  if (!own) console.log('*** No own PostgreSQL answers: this run uses the embedded one. ***');
  const found = own ? url : await startEmbedded();
  await work({ url: found, createDatabase: () => createDatabase(found) });
}

/** A migrated database of this run's, gone after it. */
async function createDatabase(url) {
  const name = `rollcall_bench_${randomBytes(4).toString('hex')}`;
  await administer(url, `create database ${name}`);
  closeLater(() => administer(url, `drop database if exists ${name} with (force)`));
  const own = new URL(url);
  own.pathname = `/${name}`;
  await applyMigrations(own.href);
  return own.href;
}

async function startEmbedded() {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'rollcall-bench-'));
  chmodSync(dataDir, 0o755); // For root's sake: its server is another user.
  const server = await startEmbeddedPostgres({ dataDir, log: () => {} });
  closeLater(async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return embeddedSuperuserUrl(server.dataDir);
}

const answers = (url) =>
  administer(url, 'select 1').then(
    () => true,
    () => false,
  );

/** Runs statements on a connection of their own. */
export const administer = (url, ...statements) =>
  withConnection({ url, ...longWork }, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
