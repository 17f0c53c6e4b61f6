import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';
import { tooManyRequests } from './pipedrive-errors.js';

export interface PipedriveLimits {
  /** Requests in two seconds. */
  readonly burst: number;
  /** The company's tokens for a day: a list costs 10, one record 1, a write 5. */
  readonly dailyTokens: number;
  /** How a refusal says when to come back; `seconds` is Pipedrive's own `x-ratelimit-reset`. */
  readonly reset: 'none' | 'seconds' | 'date';
}

export const SMALLEST_PLAN: PipedriveLimits = { burst: 20, dailyTokens: 30_000, reset: 'seconds' };

/** Counts on the fake's clock: a rolling window of two seconds, and tokens until midnight. */
export class PipedriveRates {
  private recent: number[] = [];
  private day = { start: 0, used: 0 };

  constructor(
    private readonly clock: FakeClock,
    public limits: PipedriveLimits,
  ) {}

  admit(cost: number): FakeReply | null {
    const now = this.clock.now();
    this.forget(now);
    if (this.day.used + cost > this.limits.dailyTokens) {
      const empty = { 'x-daily-ratelimit-token-remaining': '0' };
      return tooManyRequests({ ...this.headers(), ...empty });
    }
    if (this.recent.length >= this.limits.burst) return this.refuse(now);
    this.recent.push(now);
    this.day.used += cost;
    return null;
  }

  headers(): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.limits.burst),
      'x-ratelimit-remaining': String(Math.max(0, this.limits.burst - this.recent.length)),
      'x-daily-ratelimit-token-limit': String(this.limits.dailyTokens),
      'x-daily-ratelimit-token-remaining': String(this.remainingToday),
    };
  }

  get remainingToday(): number {
    return Math.max(0, this.limits.dailyTokens - this.day.used);
  }

  private refuse(now: number): FakeReply {
    const [oldest = now] = this.recent;
    const seconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1000));
    const when: Record<PipedriveLimits['reset'], Record<string, string>> = {
      none: {},
      seconds: { 'x-ratelimit-reset': String(seconds) },
      date: { 'retry-after': new Date(now + seconds * 1000).toUTCString() },
    };
    return tooManyRequests({ ...this.headers(), ...when[this.limits.reset] });
  }

  private forget(now: number): void {
    this.recent = this.recent.filter((at) => at > now - WINDOW_MS);
    const start = now - (now % DAY_MS);
    if (start !== this.day.start) this.day = { start, used: 0 };
  }
}

const WINDOW_MS = 2_000;
const DAY_MS = 24 * 60 * 60 * 1000;
