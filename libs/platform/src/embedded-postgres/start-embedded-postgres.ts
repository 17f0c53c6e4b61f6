import { writeFileSync } from 'node:fs';
import { clearAbandonedRefuges } from './abandoned-refuges.js';
import { prepareBinaries } from './binaries.js';
import { ensureCluster, rejectForeign } from './cluster.js';
import { lockDataDir } from './data-dir-lock.js';
import { dataDirTrouble, dataDirTroubleIn } from './data-dir-trouble.js';
import { stopPreviousServer } from './previous-server.js';
import { chooseHome, type ServerHome } from './server-home.js';
import { type ServerProcess, startServerProcess } from './server-process.js';
import { ensureRoles } from './server-roles.js';
import { type ServerUrls, serverUrls } from './server-urls.js';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** Told where things are, and of what is out of the ordinary. */
  readonly log: (message: string) => void;
  /** Where the data goes when the server's account cannot enter `dataDir`. */
  readonly refuges?: string[];
}

export interface EmbeddedPostgres extends ServerUrls {
  /** Where the data really is: not always the directory that was asked for. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL from npm, for one Rollcall at a time, on 127.0.0.1 with a password. The first start makes its
 * data; a later one cleans up after a run that was killed.
 *
 * @throws DataDirInUseError while another service uses the directory
 * @throws DataDirUnusableError when the directory cannot hold a database
 * @throws EmbeddedPostgresError with PostgreSQL's own last words
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await startLocked(options);
  } catch (error) {
    throw dataDirTrouble(options.dataDir, error);
  }
}

async function startLocked({ dataDir, log, refuges }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = chooseHome(dataDir, refuges);
  const lock = lockDataDir(home.lockFile, home.dir);
  try {
    if (home.movedFrom) settleIn(home, home.movedFrom, log);
    await clearAbandonedRefuges(log, refuges);
    const { server, urls } = await startIn(home, log);
    return { ...urls, dataDir: home.dir, stop: () => server.stop().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function settleIn({ dir, servesFile }: ServerHome, movedFrom: string, log: (message: string) => void): void {
  log(`PostgreSQL's user cannot enter ${movedFrom}: its data is kept in ${dir}`);
  writeFileSync(servesFile, `${movedFrom}\n`, { mode: 0o600 });
}

async function startIn(
  home: ServerHome,
  log: (message: string) => void,
): Promise<{ server: ServerProcess; urls: ServerUrls }> {
  rejectForeign(home);
  await stopPreviousServer(home.cluster, log);
  const { initdb, postgres } = prepareBinaries({ account: home.account, copies: home.dir, log });
  const password = await ensureCluster(home, initdb);
  const server = await startServerProcess({ home, program: postgres, password, log });
  try {
    await ensureRoles(server.port, password);
    return { server, urls: serverUrls(server.port, password) };
  } catch (error) {
    await server.stop();
    throw dataDirTroubleIn(home.dir, `FATAL: ${(error as Error).message}`) ?? error;
  }
}
