import { createLogger } from '#platform';

/** Past this, a drain is stuck and whoever stops us will use SIGKILL anyway. */
const DRAIN_WITHIN_MS = 25_000;

/**
 * Resolves when a SIGTERM or SIGINT came and the service has drained. A second signal, or a drain that takes too
 * long, ends the process at once.
 */
export async function drainOnSignal(close: () => Promise<void>): Promise<void> {
  const log = createLogger('shutdown');
  const signal = await nextSignal();
  log.info({ signal }, 'draining');
  const give = (reason: string) => {
    log.error({ reason }, 'ended before everything was drained');
    process.exit(1);
  };
  process.once('SIGTERM', () => give('a second signal'));
  process.once('SIGINT', () => give('a second signal'));
  const timer = setTimeout(() => give('draining took too long'), DRAIN_WITHIN_MS);
  await close();
  clearTimeout(timer);
  log.info('drained');
  process.exit(0);
}

const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      process.off('SIGTERM', take);
      process.off('SIGINT', take);
      resolve(signal);
    };
    process.on('SIGTERM', take);
    process.on('SIGINT', take);
  });
