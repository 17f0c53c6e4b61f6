/** The signal by which a child's watchdog ends it, told from all that anybody else may send. */
export const OVER_TIME = 'SIGVTALRM';

/** How a process ended before it had answered. */
export type Ending =
  /** The item that it was at took too long, or broke it: V8 gives up when memory is short. */
  | { readonly by: 'itself'; readonly reason: string }
  /** Somebody else ended it, or it could not be started: nothing is known of the item. */
  | { readonly by: 'others'; readonly reason: string };

export function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  if (signal === OVER_TIME) return { by: 'itself', reason: 'runs too long' };
  if (code === 0 || (signal !== null && FROM_OUTSIDE.has(signal)))
    return { by: 'others', reason: `the process that evaluates was ended (${signal ?? 'idle'})` };
  return { by: 'itself', reason: `makes more than a process may hold (${signal ?? `exit code ${code}`})` };
}

const FROM_OUTSIDE: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGSTOP',
]);
