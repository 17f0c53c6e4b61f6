import { type MonotonicClock, systemClock } from '#platform';
import { TooManyRequestsError } from './auth.errors.js';

const WINDOW_MS = 60_000;
const MAX_CALLERS = 100_000;

/**
 * So many requests a minute for each caller, counted in this process alone: with several API processes, each has its
 * own budget. A plain counter, since it is part of every request (a rate limit plugin cost several promises there).
 */
export class RequestBudget {
  private window = 0;
  private readonly spent = new Map<string, number>();

  /** @param limit 0 turns it off. */
  constructor(
    private readonly limit: number,
    private readonly clock: MonotonicClock = systemClock,
  ) {}

  /** @throws TooManyRequestsError when this caller's minute is used up. */
  spend(caller: string): void {
    if (this.limit === 0) return;
    const now = this.clock.monotonic();
    this.startWindow(Math.floor(now / WINDOW_MS));
    const count = (this.spent.get(caller) ?? 0) + 1;
    if (count > this.limit) {
      throw new TooManyRequestsError(this.limit, Math.ceil((WINDOW_MS - (now % WINDOW_MS)) / 1_000));
    }
    this.spent.set(caller, count);
  }

  private startWindow(window: number): void {
    if (window === this.window && this.spent.size < MAX_CALLERS) return;
    this.window = window;
    this.spent.clear();
  }
}
