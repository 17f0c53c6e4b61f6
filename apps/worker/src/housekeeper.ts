import { createLogger } from '#platform';

/** Work that PostgreSQL says is due, looked for again and again: what makes losing the whole queue harmless. */
export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/** Runs each chore in turn with itself; one that fails is logged and tried again at its next time. */
export class Housekeeper {
  private readonly log = createLogger('housekeeper');
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  start(chores: readonly Chore[]): void {
    for (const chore of chores) this.runNow(chore);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running);
  }

  private runNow(chore: Chore): void {
    const turn = this.turn(chore).finally(() => this.running.delete(turn));
    this.running.add(turn);
  }

  private async turn(chore: Chore): Promise<void> {
    try {
      await chore.run();
    } catch (error) {
      const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
      const said = { chore: chore.name, error: name, code, cause: cause?.code };
      this.log.warn(said, 'housekeeping failed; it is tried again');
    }
    if (!this.stopped)
      this.timers.set(
        chore.name,
        setTimeout(() => this.runNow(chore), chore.everyMs),
      );
  }
}
