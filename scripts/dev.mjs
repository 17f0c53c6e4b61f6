// `npm run dev -- [arguments of start]`: compiles on every change, and starts the service anew when something came of it.
// Not from the bundle: stack traces name the sources, and a change costs one file.
import { spawn, spawnSync } from 'node:child_process';

const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);

const start = ['dist/apps/cli/src/main.js', 'start', ...process.argv.slice(2)];
const children = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--watch', '--preserveWatchOutput'],
  [
    '--enable-source-maps',
    '--watch-path=dist/apps',
    '--watch-path=dist/libs',
    '--watch-preserve-output',
    ...start,
  ],
].map((args) => spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }));

// Ctrl-C reaches all of them; whoever ends first takes the other along.
for (const child of children)
  child.once('exit', (code) => {
    for (const other of children) other.kill();
    process.exitCode ??= code ?? 0;
  });
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
