import { execFileSync } from 'node:child_process';

/** Builds what is stale. Who breaks the sources on purpose keeps what was built before: `ROLLCALL_TEST_DIST=kept`. */
export function ensureBuilt() {
  if (process.env.ROLLCALL_TEST_DIST === 'kept') return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: ['ignore', 'inherit', 'inherit'] });
}
