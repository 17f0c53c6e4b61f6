import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';
import { dataError } from './salesforce-errors.js';

export interface FakeOrgLimits {
  /** Requests in a day, of all users and apps together. */
  readonly daily: number;
  /** Long requests at a time; 0 refuses them all. */
  readonly concurrent: number;
  readonly retryAfter: 'none' | 'seconds' | 'date';
}

export const DEVELOPER_EDITION: FakeOrgLimits = { daily: 15_000, concurrent: 5, retryAfter: 'none' };

/** Counts the day's requests on the fake's clock, and says so in every answer. */
export class ApiUsage {
  private day = { start: 0, used: 0 };

  constructor(
    private readonly clock: FakeClock,
    public limits: FakeOrgLimits,
  ) {}

  admit(): FakeReply | null {
    this.forget();
    if (this.limits.concurrent === 0)
      return this.refuse('ConcurrentPerOrgLongTxn Limit exceeded.', this.clock.now() + 20_000);
    if (this.day.used >= this.limits.daily)
      return this.refuse('TotalRequests Limit exceeded.', this.day.start + DAY_MS);
    this.day.used += 1;
    return null;
  }

  headers(): Record<string, string> {
    return { 'sforce-limit-info': `api-usage=${this.used}/${this.limits.daily}` };
  }

  get used(): number {
    this.forget();
    return this.day.used;
  }

  private forget(): void {
    const now = this.clock.now();
    const start = now - (now % DAY_MS);
    if (start !== this.day.start) this.day = { start, used: 0 };
  }

  private refuse(message: string, until: number): FakeReply {
    const now = this.clock.now();
    const value = {
      none: undefined,
      seconds: String(Math.ceil((until - now) / 1000)),
      date: new Date(until).toUTCString(),
    }[this.limits.retryAfter];
    const refusal = dataError(403, 'REQUEST_LIMIT_EXCEEDED', message);
    return { ...refusal, headers: value === undefined ? {} : { 'retry-after': value } };
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;
