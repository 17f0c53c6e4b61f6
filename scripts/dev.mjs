// `npm run dev -- [arguments of start]`: compiles on every change, and starts the service anew when it compiles.
// Not from the bundle: stack traces name the sources, and a change costs one file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import ts from 'typescript';
import { generatePrismaClient } from './prisma-client.mjs';

const START = ['--enable-source-maps', 'dist/apps/cli/src/main.js', 'start', ...process.argv.slice(2)];
const DIAGNOSTICS = {
  getCurrentDirectory: ts.sys.getCurrentDirectory,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

let service;
let isRestarting = false;
let isOver = false;

generatePrismaClient();
const watch = ts.createWatchProgram(
  ts.createWatchCompilerHost(
    'tsconfig.json',
    {},
    ts.sys,
    ts.createEmitAndSemanticDiagnosticsBuilderProgram,
    (problem) => console.error(ts.formatDiagnosticsWithColorAndContext([problem], DIAGNOSTICS).trimEnd()),
    (status, _newLine, _options, errors) => {
      console.log(`-- ${ts.flattenDiagnosticMessageText(status.messageText, '\n')}`);
      if (errors === 0) void restart();
    },
  ),
);

// Ctrl-C may come by way of npm as well: the service hears of it once, and drains.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, async () => {
    if (isOver) return;
    isOver = true;
    watch.close();
    await stopped(signal);
    process.exit();
  });

/** What compiles meanwhile is what the new one starts with. */
async function restart() {
  if (isRestarting) return;
  isRestarting = true;
  await stopped('SIGTERM');
  isRestarting = false;
  if (isOver) return;
  // Detached: a terminal would tell it of Ctrl-C beside us.
  service = spawn(process.execPath, START, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  service.once('exit', (code) => {
    if (code && !isOver) console.log('-- The service ended; it is started again when a file changes.');
  });
}

async function stopped(signal) {
  if (!service || service.exitCode !== null || service.signalCode !== null) return;
  const exit = once(service, 'exit');
  service.kill(signal);
  await exit;
}
