import pg from 'pg';
import { prepareBinaries } from './binaries.js';
import { ensureCluster, refuseForeign } from './cluster.js';
import { lockDataDir } from './data-dir-lock.js';
import { stopPreviousServer } from './previous-server.js';
import { chooseHome, type ServerHome } from './server-home.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** Told where things are, and of what is out of the ordinary. */
  readonly log: (message: string) => void;
  /** Where the data goes when the server's account cannot enter `dataDir`. */
  readonly refuges?: string[];
}

export interface EmbeddedPostgres {
  readonly url: string;
  /** Where the data really is: not always the directory that was asked for. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL from npm, for one Rollcall at a time, on 127.0.0.1 with a password. The first start makes its
 * data; a later one cleans up after a run that was killed.
 *
 * @throws DataDirInUseError while another service uses the directory
 * @throws EmbeddedPostgresError with PostgreSQL's own last words
 */
export async function startEmbeddedPostgres({
  dataDir,
  log,
  refuges,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = chooseHome(dataDir, refuges);
  if (home.movedFrom)
    log(`PostgreSQL's user cannot enter ${home.movedFrom}: its data is kept in ${home.dir}`);
  const lock = lockDataDir(home.lockFile, home.dir);
  try {
    const { server, url } = await startIn(home, log);
    return { url, dataDir: home.dir, stop: () => server.stop().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startIn(
  home: ServerHome,
  log: (message: string) => void,
): Promise<{ server: ServerProcess; url: string }> {
  refuseForeign(home);
  await stopPreviousServer(home.cluster, log);
  const { initdb, postgres } = prepareBinaries(home.account, home.dir);
  const password = await ensureCluster(home, initdb);
  const server = await startServerProcess({ home, program: postgres, password, log });
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${server.port}/${database}`;
  try {
    await ensureDatabase(urlOf('postgres'));
    return { server, url: urlOf(DATABASE) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export const DATABASE = 'rollcall';

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
