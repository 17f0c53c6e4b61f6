import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../project-root.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'rollcall-environment-'));
  chmodSync(root, 0o755);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const everything = {
  PGHOST: '192.0.2.1',
  PGPORT: '1',
  PGDATABASE: 'elsewhere',
  PGUSER: 'nobody',
  PGPASSWORD: 'wrong',
  PGOPTIONS: '-c default_transaction_read_only=on -c search_path=nowhere',
  PGSSLMODE: 'require',
  PGDATA: '/nowhere',
  PGDATESTYLE: 'German',
  PGTZ: 'Asia/Tokyo',
  TZ: 'Asia/Kathmandu',
  LANG: 'tr_TR.UTF-8',
  LC_ALL: 'xx_XX.nonsense',
  LC_MESSAGES: 'de_DE.UTF-8',
  PGCLIENTENCODING: 'LATIN1',
};

describe("the embedded PostgreSQL takes nothing from other people's variables", () => {
  it.each<[string, NodeJS.ProcessEnv]>([
    ['everything at once, when its data is made', everything],
    ['PGSSLMODE=require', { PGSSLMODE: 'require' }],
    ['PGSSLMODE=verify-full', { PGSSLMODE: 'verify-full' }],
    ['PGSSLNEGOTIATION=direct', { PGSSLNEGOTIATION: 'direct' }],
    ['PGSSLNEGOTIATION=nonsense', { PGSSLNEGOTIATION: 'nonsense' }],
    ['PGREPLICATION=database', { PGREPLICATION: 'database' }],
    ['PGREPLICATION=true', { PGREPLICATION: 'true' }],
    ['PGOPTIONS of a read-only session', { PGOPTIONS: '-c default_transaction_read_only=on' }],
    ['PGOPTIONS that no server knows', { PGOPTIONS: '--nonsense' }],
    [
      'PGCLIENT_ENCODING and PGCLIENTENCODING',
      { PGCLIENT_ENCODING: 'nonsense', PGCLIENTENCODING: 'SQL_ASCII' },
    ],
    ['PGAPPNAME, PGBINARY and PGCONNECT_TIMEOUT', { PGAPPNAME: 'x', PGBINARY: '1', PGCONNECT_TIMEOUT: '0' }],
    [
      'PGSERVICE, PGPASSFILE and PGSYSCONFDIR',
      { PGSERVICE: 'x', PGPASSFILE: '/nowhere', PGSYSCONFDIR: '/nowhere' },
    ],
    ['PGSSLCERT, PGSSLKEY and PGSSLROOTCERT', { PGSSLCERT: '/no', PGSSLKEY: '/no', PGSSLROOTCERT: '/no' }],
  ])('such as %s', async (_, env) => {
    const right = { role: 'rollcall', datestyle: 'ISO, MDY', readOnly: 'off', encoding: 'UTF8', answer: 42 };
    const { byPool, byPrisma, byConnection, byOther } = await askWith(env);
    for (const answer of [byPool, byPrisma, byConnection]) expect(answer).toEqual(right);
    expect(byOther).toEqual(right);
  });

  it('for its own messages, settings and the environment of its processes', async () => {
    const secret = { ROLLCALL_SECRET_KEY: 'not to be seen', DATABASE_PASSWORD: 'not to be seen' };
    const { environment, messages, timezone } = await askWith({ ...everything, ...secret });
    expect({ messages, timezone }).toEqual({ messages: 'C', timezone: 'UTC' });
    expect(
      Object.keys(environment ?? {}).filter((name) =>
        /^(PG(?!DATA|SYSCONFDIR|LOCALEDIR)|ROLLCALL|DATABASE|LANG|TZ)/.test(name),
      ),
    ).toEqual([]);
  });
});

/** Starts a server in a process with these variables and asks it in every way that there is. */
async function askWith(env: NodeJS.ProcessEnv): Promise<Record<string, Record<string, unknown>>> {
  const script = `
    import pg from 'pg';
    import { readFileSync } from 'node:fs';
    import { applyMigrations, createPool, createPrisma, startEmbeddedPostgres, withConnection } from '#platform';
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(path.join(root, 'data'))}, log: console.error });
    await applyMigrations(server.ownerUrl);
    const { url } = server;
    const sql = \`select current_user::text as role, current_setting('datestyle') as datestyle, 42 as answer,
      current_setting('default_transaction_read_only') as "readOnly", current_setting('client_encoding') as encoding\`;
    const pool = createPool({ url });
    const prisma = createPrisma({ url });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    const settings = await other.query(\`select current_setting('lc_messages') as messages, current_setting('timezone') as timezone\`);
    const pid = readFileSync(server.dataDir + '/postgres/postmaster.pid', 'utf8').split('\\n')[0];
    const environment = process.platform === 'linux' ? readFileSync('/proc/' + pid + '/environ', 'utf8').split('\\0').filter(Boolean) : [];
    console.log(JSON.stringify({
      byPool: (await pool.query(sql)).rows[0],
      byPrisma: (await prisma.$queryRawUnsafe(sql))[0],
      byConnection: await withConnection({ url }, async (client) => (await client.query(sql)).rows[0]),
      byOther: (await other.query(sql)).rows[0],
      ...settings.rows[0],
      environment: Object.fromEntries(environment.map((line) => line.split('='))),
    }));
    await Promise.all([pool.end(), prisma.$disconnect(), other.end()]);
    await server.stop();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: projectRoot(),
    env: { PATH: process.env.PATH, ...env },
  });
  return JSON.parse(stdout);
}
