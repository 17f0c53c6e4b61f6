import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import pg from 'pg';
import { describeEachDatabase } from '../../../../test/support/databases.js';
import { schemaText, schemaTextFile } from './schema-text.js';

const COMMAND = 'npm run build && node scripts/write-schema.mjs';

describeEachDatabase('prisma/schema.sql', (database) => {
  it('is what the migrations make', async () => {
    const written = (await readFile(schemaTextFile(), 'utf8')).replaceAll('\r\n', '\n');
    const made = await schemaText(database.url);
    const first = firstDifference(written, made);
    if (first) throw new Error(`prisma/schema.sql is old: run "${COMMAND}".\n${first}`);
  });

  it.each([
    ['a column', 'alter table identities add nickname text'],
    ['a default', `alter table identities alter name set default ''`],
    ['an index', 'create index on identities (name)'],
    ['a check', `alter table identities add check (name <> '')`],
    ['a trigger', 'create trigger t before delete on identities execute function es.refuse_change()'],
    ['a function', 'create function es.f() returns int language sql as $$ select 1 $$'],
    ['a sequence', 'create sequence es.s'],
    ['a fill factor', 'alter table identities set (fillfactor = 50)'],
    ['a storage', 'alter table identities alter name set storage external'],
  ])('would not be any more with %s more', async (_, change) => {
    const before = await schemaText(database.url);
    await run(database.url, change);
    expect(await schemaText(database.url)).not.toBe(before);
  });

  it('refuses what it cannot write', async () => {
    await run(database.url, 'create view es.seen as select 1 as one');
    await expect(schemaText(database.url)).rejects.toThrow('Teach schema-text.ts to write es.seen');
  });
});

function firstDifference(written: string, made: string): string | undefined {
  if (written === made) return undefined;
  const [is, should] = [written.split('\n'), made.split('\n')];
  const line = should.findIndex((text, at) => text !== is[at]);
  const at = line < 0 ? should.length : line;
  return `Line ${at + 1}\n  is:        ${is[at] ?? '(end)'}\n  should be: ${should[at] ?? '(end)'}`;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
