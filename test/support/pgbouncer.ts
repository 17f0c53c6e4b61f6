import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { programPath } from './databases.js';

export interface PgBouncer {
  /** The same database, role and password as a direct URL, through the pooler. */
  through(directUrl: string): string;
  /** Has it open its sessions anew, as an operator does after a role's defaults were changed. */
  reconnect(): Promise<void>;
  /** It is gone at once with all connections of both sides, and comes back on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A PgBouncer in transaction mode before one PostgreSQL, with few sessions so that its clients share them. */
export async function startPgBouncer(directUrls: readonly string[], settings = ''): Promise<PgBouncer> {
  const [first] = directUrls.map((url) => new URL(url));
  if (!first) throw new TypeError('A PgBouncer needs a server');
  const port = await freePort();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-pgbouncer-'));
  const users = directUrls.map((url) => {
    const { username, password } = new URL(url);
    return `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"`;
  });
  writeFileSync(path.join(dir, 'users.txt'), `${users.join('\n')}\n"operator" ""\n`);
  writeFileSync(
    path.join(dir, 'pgbouncer.ini'),
    `[databases]
* = host=${first.hostname} port=${first.port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${dir}/users.txt
admin_users = operator
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_round_robin = 1
${settings}
`,
  );
  const console = `postgres://operator@127.0.0.1:${port}/pgbouncer`;
  const account = unprivileged(dir);
  const run = async () => {
    const started = spawn(programPath('pgbouncer'), [path.join(dir, 'pgbouncer.ini')], {
      ...account,
      stdio: 'ignore',
    });
    while (started.exitCode === null && !(await answers(console))) await sleep(20);
    return started;
  };
  let child = await run();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.kill(signal)) await once(child, 'exit');
  };
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    through: (directUrl) => {
      const url = new URL(directUrl);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      // What the embedded server's URL settles is refused as a startup parameter.
      url.search = '';
      return url.href;
    },
    reconnect: () => ask(console, 'RECONNECT'),
    restart: async () => {
      await end('SIGKILL');
      child = await run();
    },
    stop: async () => {
      process.off('exit', kill);
      await end('SIGINT');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** PgBouncer refuses root, as PostgreSQL does. */
function unprivileged(dir: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const nobody = 65_534;
  for (const file of ['', 'users.txt', 'pgbouncer.ini']) chownSync(path.join(dir, file), nobody, nobody);
  chmodSync(dir, 0o700);
  return { uid: nobody, gid: nobody };
}

async function ask(url: string, command: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(command).finally(() => client.end());
}

const answers = (url: string): Promise<boolean> =>
  ask(url, 'SHOW VERSION').then(
    () => true,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
