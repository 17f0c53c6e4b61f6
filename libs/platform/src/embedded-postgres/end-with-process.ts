const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `end` when this process ends, also by a signal that nobody else listens for: in the middle of a start, say. Only
 * SIGKILL leaves no time for it. Returns what takes this back.
 */
export function endWithProcess(end: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    // Whoever else listens decides about the end of the process.
    if (process.listeners(signal).some((listener) => !ours.has(listener))) return;
    forget();
    end();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off('exit', end);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  ours.add(onSignal);
  process.on('exit', end);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return forget;
}

/** The listeners of all that ends with the process. */
const ours = new WeakSet<object>();
