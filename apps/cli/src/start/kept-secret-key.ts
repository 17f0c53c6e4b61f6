import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSecretKey } from '#platform';

/** The embedded mode's own secret key: made once, then kept in the data directory, readable by its owner alone. */
export function keptSecretKey({ dataDir }: { dataDir: string | undefined }): string {
  if (!dataDir) throw new TypeError('readConfig requires ROLLCALL_SECRET_KEY when DATABASE_URL is set');
  const file = join(dataDir, 'secret.key');
  if (!existsSync(file)) writeFileSync(file, `${newSecretKey()}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}
