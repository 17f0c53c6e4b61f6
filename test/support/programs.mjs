import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Programs that suites start for themselves, each with the Debian package that holds it. */
const PROGRAMS = {
  pgbouncer: 'pgbouncer',
  'redis-server': 'redis-server',
  faketime: 'faketime',
  pg_dump: 'postgresql-client',
  pg_restore: 'postgresql-client',
};

/** Where a person's PATH may not lead: servers live there. */
const SERVERS = ['/usr/sbin', '/usr/local/sbin'];

/** @returns the path of each program that is here, by its name */
export function findPrograms() {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...SERVERS];
  const found = Object.keys(PROGRAMS).map((name) => [
    name,
    folders.map((folder) => path.join(folder, name)).find(isExecutable),
  ]);
  return Object.fromEntries(found.filter(([, file]) => file !== undefined));
}

/** What the run's last lines say of those that are not. */
export const missingPrograms = (found) =>
  Object.entries(PROGRAMS)
    .filter(([name]) => !(name in found))
    .map(([name, debian]) => `the program ${name} (Debian: apt-get install ${debian})`);

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the next folder may have it.
    return false;
  }
}
