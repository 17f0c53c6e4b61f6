import { createLogger } from '#platform';

/** Past this, a drain is stuck and whoever stops us will use SIGKILL anyway. */
const DRAIN_WITHIN_MS = 25_000;

const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Resolves when a signal to end came and the service has drained; SIGHUP is a terminal that was closed. A second signal,
 * or a drain that takes too long, ends the process at once.
 */
export async function drainOnSignal(close: () => Promise<void>): Promise<void> {
  const log = createLogger('shutdown');
  const signal = await nextSignal();
  log.info({ signal }, 'draining');
  const give = (reason: string) => {
    log.error({ reason }, 'ended before everything was drained');
    process.exit(1);
  };
  for (const another of ENDING) process.once(another, () => give('a second signal'));
  const timer = setTimeout(() => give('draining took too long'), DRAIN_WITHIN_MS);
  await close();
  clearTimeout(timer);
  log.info('drained');
  process.exit(0);
}

const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      for (const each of ENDING) process.off(each, take);
      resolve(signal);
    };
    for (const each of ENDING) process.on(each, take);
  });
