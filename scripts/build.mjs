// Builds the project: the Prisma client when its schema changed, then TypeScript (incremental), then the bundle.
// Nothing is started when nothing changed; who comes while another one builds waits for it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { alone, fingerprintOf } from './build-stamp.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  stop(`Rollcall needs Node 20.19 or newer; this is ${process.version}.`);
if (!existsSync('node_modules/typescript')) stop('The packages are not there yet: run "npm install" first.');

const BUILT = 'dist/.built';
const GENERATED = 'dist/.prisma-stamp';
const PRODUCTS = ['prisma/generated/client.ts', 'dist/bin/rollcall.js'];

mkdirSync('dist', { recursive: true });
await alone('dist/.building', async () => {
  const sources = fingerprintOf(['apps', 'libs', 'prisma', 'scripts', 'tsconfig.json', 'package-lock.json']);
  if (isStamped(BUILT, sources) && PRODUCTS.every(existsSync)) return;
  rmSync(BUILT, { force: true });
  generate();
  run('typescript/bin/tsc', ['-p', 'tsconfig.json']);
  await import('./bundle.mjs');
  writeFileSync(BUILT, sources);
});

function generate() {
  const schema = createHash('sha256')
    .update(readFileSync('prisma/schema.prisma'))
    .update(readFileSync('package-lock.json'))
    .digest('hex');
  if (existsSync('prisma/generated/client.ts') && isStamped(GENERATED, schema)) return;
  // `prisma generate` never runs the schema engine, yet its CLI wants to download it: any existing
  // executable in this variable keeps it from trying (docs/decisions/0002-prisma-without-binaries.md).
  run('prisma/build/index.js', ['generate'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  writeFileSync(GENERATED, schema);
}

function isStamped(file, content) {
  return existsSync(file) && readFileSync(file, 'utf8') === content;
}

/** What went wrong, the program said itself. */
function run(script, args, env = {}) {
  const { status } = spawnSync(process.execPath, [`node_modules/${script}`, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

function stop(reason) {
  console.error(reason);
  process.exit(1);
}
