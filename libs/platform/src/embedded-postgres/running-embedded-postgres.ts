import { existsSync, readFileSync } from 'node:fs';
import { runningServer } from './previous-server.js';
import { existingHome } from './server-home.js';
import { type ServerUrls, serverUrls } from './server-urls.js';

/**
 * How to reach the server that a running service has on this data directory, for tools beside it. Only who may read
 * the password file gets an answer; nothing when no server is there.
 */
export function runningEmbeddedPostgres(dataDir: string): ServerUrls | undefined {
  const running = accessTo(dataDir);
  return running && serverUrls(running.port, running.password);
}

/** The port and the kept password, by which every role can be had. */
export function accessTo(dataDir: string): { readonly port: string; readonly password: string } | undefined {
  const home = existingHome(dataDir);
  if (!home || !existsSync(home.passwordFile)) return undefined;
  const server = runningServer(home.cluster);
  return server && { port: server.port, password: readFileSync(home.passwordFile, 'utf8').trim() };
}
