import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';
import { rateLimitError } from './hubspot-errors.js';

export interface FakeLimits {
  readonly tenSecondly: number;
  readonly searchPerSecond: number;
  readonly daily: number;
  /** HubSpot names a time only sometimes. */
  readonly retryAfter: 'none' | 'seconds' | 'date';
}

/** What a free or starter account may do: dearer ones have 190 in ten seconds, and more in a day. */
export const LOWEST_TIER_LIMITS: FakeLimits = {
  tenSecondly: 100,
  searchPerSecond: 5,
  daily: 250_000,
  retryAfter: 'none',
};

/** Counts on the fake's clock, as HubSpot does: a rolling window, search by the second, and a day. */
export class RateLimits {
  private recent: number[] = [];
  private searches: number[] = [];
  private day = { start: 0, used: 0 };
  /** How many requests got a 429. */
  refused = 0;

  constructor(
    private readonly clock: FakeClock,
    public limits: FakeLimits,
  ) {}

  /** Counts the request, or says why it is refused. */
  admit(isSearch: boolean): FakeReply | null {
    const now = this.clock.now();
    this.forget(now);
    if (this.day.used >= this.limits.daily) return this.refuse('DAILY', this.day.start + DAY_MS);
    if (isSearch && this.searches.length >= this.limits.searchPerSecond)
      return this.refuse('SECONDLY', now + 1_000);
    const [oldest = now] = this.recent;
    if (this.recent.length >= this.limits.tenSecondly)
      return this.refuse('TEN_SECONDLY_ROLLING', oldest + WINDOW_MS);
    this.recent.push(now);
    if (isSearch) this.searches.push(now);
    this.day.used += 1;
    return null;
  }

  /** Search answers carry no rate headers. */
  headers(isSearch: boolean): Record<string, string> {
    if (isSearch) return {};
    return {
      'x-hubspot-ratelimit-max': String(this.limits.tenSecondly),
      'x-hubspot-ratelimit-remaining': String(Math.max(0, this.limits.tenSecondly - this.recent.length)),
      'x-hubspot-ratelimit-interval-milliseconds': String(WINDOW_MS),
      'x-hubspot-ratelimit-daily': String(this.limits.daily),
      'x-hubspot-ratelimit-daily-remaining': String(Math.max(0, this.limits.daily - this.day.used)),
    };
  }

  get usedToday(): number {
    return this.day.used;
  }

  private forget(now: number): void {
    this.recent = this.recent.filter((at) => at > now - WINDOW_MS);
    this.searches = this.searches.filter((at) => at > now - 1_000);
    const start = now - (now % DAY_MS);
    if (start !== this.day.start) this.day = { start, used: 0 };
  }

  private refuse(policy: string, until: number): FakeReply {
    this.refused += 1;
    const seconds = Math.max(1, Math.ceil((until - this.clock.now()) / 1000));
    const values = {
      none: undefined,
      seconds: String(seconds),
      date: new Date(this.clock.now() + seconds * 1000).toUTCString(),
    };
    const value = values[this.limits.retryAfter];
    return { ...rateLimitError(policy), headers: value === undefined ? {} : { 'retry-after': value } };
  }
}

const WINDOW_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
