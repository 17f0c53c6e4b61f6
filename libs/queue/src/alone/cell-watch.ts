import { readFileSync } from 'node:fs';

export interface Watched {
  readonly pid: number;
  /** Silent for so long, it stands still. */
  readonly stalledAfterMs: number;
  readonly beatMs: number;
  onStall(wasStopped: boolean): void;
}

/**
 * Counts how long a process gives no sign, in ticks of our own event loop, however late they come: a loop of ours that
 * was held up, or a machine that slept, counts one, and then hears what the process had said.
 */
export class CellWatch {
  private silentMs = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly watched: Watched) {
    this.timer = setInterval(() => this.tick(), watched.beatMs);
  }

  beat(): void {
    this.silentMs = 0;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const { beatMs, stalledAfterMs, pid, onStall } = this.watched;
    this.silentMs += beatMs;
    if (this.silentMs < stalledAfterMs) return;
    this.end();
    onStall(isStopped(pid));
  }
}

/** By a signal or a debugger, as far as the system tells. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    // Not on every system, and not of a process that just ended.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
