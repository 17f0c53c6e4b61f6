// Builds the project: the Prisma client when its schema changed, then TypeScript (incremental), then the bundle.
// Nothing is started when nothing changed; who comes while another one builds waits for it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { alone, fingerprintOf } from './build-stamp.mjs';
import { generatePrismaClient } from './prisma-client.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  stop(`Rollcall needs Node 20.19 or newer; this is ${process.version}.`);
if (!existsSync('node_modules/typescript')) stop('The packages are not there yet: run "npm install" first.');

const SOURCES = ['apps', 'libs', 'prisma', 'scripts', 'tsconfig.json', 'package-lock.json'];
const PRODUCTS = ['prisma/generated/client.ts', 'dist/bin/rollcall.js'];
const STAMP = 'dist/.built';
/** What TypeScript knows of its last run: it writes nothing that it believes is there. */
const COMPILED = 'dist/.tsbuildinfo';
const ENTRIES = ['apps/api', 'apps/cli', 'apps/worker', 'libs/platform'].map(
  (folder) => `dist/${folder}/src`,
);

mkdirSync('dist', { recursive: true });
await alone('dist/.building', build);

async function build() {
  const sources = fingerprintOf(SOURCES);
  if (PRODUCTS.every(existsSync) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sources) return;
  rmSync(STAMP, { force: true });
  if (!ENTRIES.every(existsSync)) rmSync(COMPILED, { force: true });
  generatePrismaClient();
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1); // What is wrong, it has said itself.
  await import('./bundle.mjs');
  writeFileSync(STAMP, sources);
}

function stop(reason) {
  console.error(reason);
  process.exit(1);
}
