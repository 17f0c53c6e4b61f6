import { createLogger } from '#platform';

/** Work that PostgreSQL says is due, looked for again and again: what makes losing the whole queue harmless. */
export interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Runs each sweep in turn with itself; one that fails is logged and tried again at its next time. */
export class Sweeper {
  private readonly log = createLogger('sweeper');
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  start(sweeps: readonly Sweep[]): void {
    for (const sweep of sweeps) this.runNow(sweep);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running);
  }

  private runNow(sweep: Sweep): void {
    const turn = this.turn(sweep).finally(() => this.running.delete(turn));
    this.running.add(turn);
  }

  private async turn(sweep: Sweep): Promise<void> {
    try {
      await sweep.run();
    } catch (error) {
      const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
      const said = { sweep: sweep.name, error: name, code, cause: cause?.code };
      this.log.warn(said, 'sweep failed; it is tried again');
    }
    if (!this.stopped)
      this.timers.set(
        sweep.name,
        setTimeout(() => this.runNow(sweep), sweep.everyMs),
      );
  }
}
