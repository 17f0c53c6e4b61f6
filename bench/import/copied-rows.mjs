import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from, to } from 'pg-copy-streams';
import { longWork, withConnection } from '#platform';
import { administer } from '../database/server.mjs';
import { closeLater } from '../measure/clean-up.mjs';
import { secondsOf } from '../measure/compare.mjs';

/** What one created identity writes. */
const TABLES = ['es.streams', 'es.events', 'identities', 'identity_properties'];
const copyOf = (table) => `copied.${table.replace('.', '_')}`;

/** Writes the rows of these tables to files, one each. @returns {Promise<Map<string, string>>} file by table */
export async function keepRows(databaseUrl) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rollcall-bench-'));
  closeLater(async () => rmSync(folder, { recursive: true, force: true }));
  const files = new Map(TABLES.map((table) => [table, path.join(folder, `${table}.copy`)]));
  await withConnection({ url: databaseUrl, ...longWork }, async (client) => {
    for (const [table, file] of files) {
      await pipeline(client.query(to(`copy ${table} to stdout`)), createWriteStream(file));
    }
  });
  return files;
}

/** Seconds that COPY takes for the same rows, into empty tables with the same columns and indexes. */
export async function copyInto(databaseUrl, files) {
  await administer(
    databaseUrl,
    'drop schema if exists copied cascade',
    'create schema copied',
    ...TABLES.map((table) => `create table ${copyOf(table)} (like ${table} including all)`),
  );
  return withConnection({ url: databaseUrl, ...longWork }, (client) =>
    secondsOf(async () => {
      for (const [table, file] of files) {
        await pipeline(createReadStream(file), client.query(from(`copy ${copyOf(table)} from stdin`)));
      }
    }),
  );
}
