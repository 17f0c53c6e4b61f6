import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { runningEmbeddedPostgres } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from './support/service-process.js';

jest.setTimeout(120_000);

const ada = { identifier_key: 'ada', name: 'Ada', identity_type: 'user' };
const running: ServiceProcess[] = [];

async function start(env: Record<string, string>, ...args: string[]): Promise<ServiceProcess> {
  const service = await ServiceProcess.start({ env, args });
  running.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
});

describe('rollcall start with no database configured', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-start-'));
    await chmod(dataDir, 0o755); // For root's sake: its server is another user.
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const embedded = (env: Record<string, string> = {}) => ({ ROLLCALL_DATA_DIR: dataDir, ...env });
  const listing = async (service: ServiceProcess, key?: string) =>
    (await service.send('GET', '/v1/identities/', { ...(key && { key }) })).status;

  it('prints an admin key at the very first start and never again, and keeps what was written', async () => {
    const first = await start(embedded());
    expect(first.greeting).toMatch(
      /Rollcall is running\n {2}API +http:\/\/127\.0\.0\.1:\d+\n {2}Docs +http\S+\/docs\n/,
    );
    expect(first.greeting).toContain('Queue      PostgreSQL');
    const { adminKey } = first;
    expect(adminKey).toMatch(/^rc_/);
    expect((await first.send('POST', '/v1/identities/', { body: ada })).status).toBe(200);
    expect((await fetch(`${first.url}/docs`)).status).toBe(200);
    expect(await first.stop()).toBe(0);

    const second = await start(embedded());
    expect(second.greeting).not.toContain('Admin key');
    const { body } = await second.send('GET', '/v1/identities/', { key: adminKey });
    expect(body).toMatchObject([ada]);
  });

  it('takes the admin key that ROLLCALL_ADMIN_KEY presets, and does not print it', async () => {
    const preset = freshAdminKey();
    const service = await start(embedded({ ROLLCALL_ADMIN_KEY: preset }));
    expect(service.greeting).not.toContain('Admin key');
    expect(await listing(service, preset)).toBe(200);
  });

  it('answers what is under way before SIGTERM ends it, and takes its PostgreSQL along', async () => {
    const service = await start(embedded({ ROLLCALL_ADMIN_KEY: freshAdminKey() }));
    const sql = new pg.Client({ connectionString: runningEmbeddedPostgres(dataDir)?.ownerUrl });
    await sql.connect();
    const [{ id }] = (await service.send('GET', '/v1/identities/?identifier_key=ada')).body;
    await sql.query('begin');
    await sql.query('select from identities for update');

    const slow = service.send('PATCH', `/v1/identities/${id}`, { body: { name: 'Ada King' } });
    await eventually(
      () => waitingForLocks(sql),
      (count) => count > 0,
    );
    service.signal('SIGTERM');
    await eventually(
      async () => service.log,
      (log) => log.includes('"draining"'),
    );
    await sql.query('commit');
    expect((await slow).body).toMatchObject({ name: 'Ada King' });
    await sql.end();

    expect(await service.exited()).toBe(0);
    expect(service.log).toContain('"drained"');
    expect(runningEmbeddedPostgres(dataDir)).toBeUndefined();
  });

  it('starts again on the same data after SIGKILL', async () => {
    const key = freshAdminKey();
    const killed = await start(embedded({ ROLLCALL_ADMIN_KEY: key }));
    await killed.send('PUT', '/v1/identities/', { body: { ...ada, name: 'written just before' } });
    await killed.kill();
    const service = await start(embedded());
    expect((await service.send('GET', '/v1/identities/', { key })).body).toMatchObject([
      { name: 'written just before' },
    ]);
  });

  it('loads the demo roster once, however often it is asked to', async () => {
    const key = freshAdminKey();
    const history = async () => {
      const service = await start(embedded({ ROLLCALL_ADMIN_KEY: key }), '--demo');
      const { body } = await service.send('GET', '/v1/identities/?limit=100', { key });
      const versions = (body as { id: string }[]).map(async ({ id }) => {
        return (await service.send('GET', `/v1/identities/${id}/events`, { key })).body.length as number;
      });
      const events = await Promise.all(versions);
      await service.stop();
      return { identities: body.length, events: events.reduce((sum, count) => sum + count, 0) };
    };
    const once = await history();
    expect(once.identities).toBeGreaterThan(5);
    expect(await history()).toEqual(once);
  });

  it('manages keys beside the running service, which refuses a revoked one within seconds', async () => {
    const service = await start(embedded());
    const made = await rollcall(['keys', 'create', 'reader', '--scope', 'read'], embedded());
    const key = made.stdout.trim();
    expect(await listing(service, key)).toBe(200);
    expect((await service.send('POST', '/v1/identities/', { key, body: ada })).status).toBe(403);
    const { stdout } = await rollcall(['keys', 'list'], embedded());
    const [id] =
      stdout
        .split('\n')
        .find((line) => line.includes('reader'))
        ?.split(' ') ?? [];
    expect(stdout).not.toContain(key);
    expect((await rollcall(['keys', 'revoke', `${id}`], embedded())).code).toBe(0);
    await eventually(
      () => listing(service, key),
      (status) => status === 401,
      3_000,
    );
  });

  it('tells a second service on the same data to go elsewhere', async () => {
    await start(embedded());
    await expect(start(embedded())).rejects.toThrow(
      /in use by another Rollcall service .* ROLLCALL_DATA_DIR/s,
    );
  });

  it('takes nothing for its PostgreSQL from variables that are about another', async () => {
    const others = { PGSSLMODE: 'require', PGSSLNEGOTIATION: 'direct', PGOPTIONS: '-c search_path=nowhere' };
    const wrong = { PGHOST: '192.0.2.1', PGUSER: 'nobody', PGPASSWORD: 'wrong', PGREPLICATION: 'database' };
    const service = await start(embedded({ ...others, ...wrong, ROLLCALL_ADMIN_KEY: freshAdminKey() }));
    expect((await service.send('PUT', '/v1/identities/', { body: ada })).status).toBe(200);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  it('keeps its secret key to itself', async () => {
    await (await start(embedded())).stop();
    expect(existsSync(path.join(dataDir, 'secret.key'))).toBe(true);
  });
});

describe('rollcall start with a database of its own', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  beforeEach(async () => {
    database = await createTestDatabase();
    env = {
      DATABASE_URL: database.url,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
    };
  });
  afterEach(() => database.drop());

  it('listens on the loopback interface alone unless HOST says otherwise', async () => {
    const closed = await start(env);
    const { port } = new URL(closed.url);
    await expect(fetch(`http://127.0.0.2:${port}/health/live`)).rejects.toThrow();
    const open = await start({ ...env, HOST: '0.0.0.0' });
    expect((await fetch(`http://127.0.0.1:${new URL(open.url).port}/health/live`)).status).toBe(200);
  });

  it('is not ready while the database is away, and ready again when it is back', async () => {
    const service = await start(env);
    const ready = async () => (await fetch(`${service.url}/health/ready`)).status;
    expect(await ready()).toBe(200);
    await withAdmin(database, async (admin, name) => {
      await admin.query(`alter database ${name} allow_connections false`);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      await eventually(ready, (status) => status === 503);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      await admin.query(`alter database ${name} allow_connections true`);
    });
    await eventually(ready, (status) => status === 200);
    expect((await service.send('POST', '/v1/identities/', { body: ada })).status).toBe(200);
  });

  it('runs the API alone or the worker alone', async () => {
    const api = await start(env, '--only', 'api');
    expect(api.greeting).toContain("Rollcall's api is running");
    expect((await api.send('GET', '/v1/identities/')).status).toBe(200);
    const worker = await start(env, '--only', 'worker');
    expect(worker.greeting).toContain("Rollcall's worker is running");
    expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200);
    const elsewhere = await fetch(`${worker.url}/v1/identities/`);
    expect(elsewhere.status).toBe(404);
    expect(await elsewhere.json()).toEqual({
      detail: 'Not Found',
      code: 'ROUTE_NOT_FOUND',
      trace_id: elsewhere.headers.get('x-request-id'),
    });
  });

  it('never writes a key to its log, whatever the log level', async () => {
    const wrong = 'rc_wrongwrongwrongwrongwrongwrongwrongwrong';
    const service = await start({ ...env, ROLLCALL_LOG_LEVEL: 'trace' });
    await service.send('GET', '/v1/identities/');
    await service.send('GET', '/v1/identities/', { key: wrong });
    await service.send('POST', '/v1/identities/', { body: { broken: true } });
    await service.stop();
    expect(service.log).toContain('/v1/identities/');
    for (const secret of [service.adminKey, wrong, env.ROLLCALL_SECRET_KEY as string]) {
      expect(service.log + service.greeting).not.toContain(secret);
    }
  });

  it('revokes keys over DATABASE_URL, too', async () => {
    const service = await start(env);
    const key = (await rollcall(['keys', 'create', 'shared', '--project', 'p1'], env)).stdout.trim();
    expect((await service.send('GET', '/v1/identities/', { key })).status).toBe(200);
    const { stdout } = await rollcall(['keys', 'list'], env);
    const [id] =
      stdout
        .split('\n')
        .find((line) => line.includes('shared'))
        ?.split(' ') ?? [];
    await rollcall(['keys', 'revoke', `${id}`], env);
    await eventually(
      async () => (await service.send('GET', '/v1/identities/', { key })).status,
      (status) => status === 401,
      3_000,
    );
    expect(await rollcall(['keys', 'revoke', `${id}`], env)).toMatchObject({ code: 1 });
  });
});

describe('rollcall start refuses', () => {
  const complaint = async (env: Record<string, string>, ...args: string[]) => {
    const { code, stderr } = await rollcall(['start', ...args], env);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/^ +at /m);
    return stderr;
  };

  it('bad settings, listing every one', async () => {
    const said = await complaint({
      PORT: 'http',
      DATABASE_URL: 'mysql://somewhere',
      REDIS_URL: 'somewhere',
      ROLLCALL_ADMIN_KEY: 'short',
      ROLLCALL_SECRET_KEY: 'not a key',
      ROLLCALL_LOG_LEVEL: 'loud',
    });
    expect(said).toContain('6 setting(s) cannot be used');
    for (const name of [
      'PORT',
      'DATABASE_URL',
      'REDIS_URL',
      'ROLLCALL_ADMIN_KEY',
      'ROLLCALL_SECRET_KEY',
      'ROLLCALL_LOG_LEVEL',
    ]) {
      expect(said).toContain(`  ${name}: `);
    }
    expect(said).not.toContain('not a key');
  });

  it('a database of yours without a secret key of yours', async () => {
    const said = await complaint({ DATABASE_URL: 'postgres://127.0.0.1:1/rollcall' });
    expect(said).toContain('ROLLCALL_SECRET_KEY: required when DATABASE_URL is set');
  });

  it('a database that is not there, without its password', async () => {
    const said = await complaint({
      DATABASE_URL: 'postgres://rollcall:hunter2@127.0.0.1:1/rollcall',
      ROLLCALL_SECRET_KEY: freshSecretKey(),
    });
    expect(said).toContain(
      'DATABASE_URL: PostgreSQL at 127.0.0.1:1/rollcall cannot be used as role "rollcall": nothing listens there',
    );
    expect(said).not.toContain('hunter2');
  });

  it('a Redis that is not there, and ends', async () => {
    const database = await createTestDatabase();
    const said = await complaint({
      DATABASE_URL: database.url,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      REDIS_URL: 'redis://:hunter2@127.0.0.1:1',
    });
    expect(said).toContain('REDIS_URL: no Redis answers at 127.0.0.1:1');
    expect(said).not.toContain('hunter2');
    await database.drop();
  });

  it('a port that is taken, naming PORT, and loses no first admin key over it', async () => {
    const database = await createTestDatabase();
    const env = { DATABASE_URL: database.url, ROLLCALL_SECRET_KEY: freshSecretKey() };
    const [other, port] = await listening();
    const said = await complaint({ ...env, PORT: `${port}` });
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken by another program; set PORT to a free one`);
    other.close();
    const service = await start(env);
    expect(service.adminKey).toMatch(/^rc_/);
    await service.stop();
    await database.drop();
  });

  it('an address that is not this machine', async () => {
    expect(await complaint({ HOST: '192.0.2.1', PORT: '8283' })).toContain(
      'set HOST to one of its addresses',
    );
  });

  it('a part that does not exist', async () => {
    expect(await complaint({}, '--only', 'console')).toContain('--only takes "api" or "worker"');
  });
});

async function waitingForLocks(sql: pg.Client): Promise<number> {
  // Not pg_stat_activity, which hides what the other role's sessions wait for.
  const { rows } = await sql.query('select count(*)::int as n from pg_locks where not granted');
  return rows[0].n;
}

async function withAdmin(
  { url }: TestDatabase,
  work: (admin: pg.Client, name: string) => Promise<void>,
): Promise<void> {
  const target = new URL(url);
  const name = target.pathname.slice(1);
  target.pathname = '/postgres';
  const admin = new pg.Client({ connectionString: target.href });
  await admin.connect();
  await work(admin, name).finally(() => admin.end());
}

async function listening(): Promise<[Server, number]> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [server, (server.address() as { port: number }).port];
}
