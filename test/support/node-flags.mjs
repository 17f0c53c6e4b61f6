import { spawnSync } from 'node:child_process';
import inspector from 'node:inspector';
import vm from 'node:vm';

/** Jest loads ES modules through `vm.SourceTextModule`, which Node hides behind a flag. Workers inherit them. */
export const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Whoever starts jest without them (`npx jest`, an editor) gets the same jest, started once more with them. */
export function startAgainWithFlags() {
  if (vm.SourceTextModule) return;
  inspector.close(); // Its port goes to the second one.
  // Ctrl-C reaches both: the first one waits for what the second one cleans up.
  process.on('SIGINT', () => undefined);
  const args = [...process.execArgv, ...NODE_FLAGS, ...process.argv.slice(1)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  process.exit(status ?? 1);
}
