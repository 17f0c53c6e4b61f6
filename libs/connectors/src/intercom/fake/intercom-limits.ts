import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';
import { intercomError } from './intercom-answers.js';

/** Counts in windows of ten seconds, a sixth of the minute's worth in each; the end of one is in every answer. */
export class IntercomLimits {
  private window = { start: 0, used: 0 };

  constructor(
    private readonly clock: FakeClock,
    public perMinute: number,
  ) {}

  admit(): FakeReply | null {
    const now = this.clock.now();
    const start = now - (now % WINDOW_MS);
    if (start !== this.window.start) this.window = { start, used: 0 };
    this.window.used += 1;
    return this.window.used > this.perWindow
      ? intercomError(429, 'rate_limit_exceeded', 'The rate limit for the App has been exceeded')
      : null;
  }

  headers(): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.perWindow),
      'x-ratelimit-remaining': String(Math.max(0, this.perWindow - this.window.used)),
      'x-ratelimit-reset': String((this.window.start + WINDOW_MS) / 1000),
    };
  }

  private get perWindow(): number {
    return Math.floor(this.perMinute / 6);
  }
}

const WINDOW_MS = 10_000;
