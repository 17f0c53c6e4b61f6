import { accessTo } from '../embedded-postgres/running-embedded-postgres.js';
import { DATABASE, superuserUrl } from '../embedded-postgres/server-urls.js';

/**
 * For tests, which make databases and roles: the superuser of the embedded server that runs on this data directory.
 * Without the URL's `options` and `application_name`: pg lets a URL win over what a client of a test's own, or a plain
 * BullMQ, gives its connections.
 */
export function embeddedSuperuserUrl(dataDir: string): string {
  const access = accessTo(dataDir);
  if (!access) throw new Error(`No embedded PostgreSQL runs in ${dataDir}`);
  const url = new URL(superuserUrl(access.port, access.password, DATABASE));
  for (const settled of ['options', 'application_name']) url.searchParams.delete(settled);
  return url.href;
}
