import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';

export interface GatewayLimits {
  readonly perMinute: number;
  readonly retryAfter: 'none' | 'seconds' | 'date';
}

/** EspoCRM itself counts nothing; the web server in front of it may. */
export class GatewayLimit {
  private recent: number[] = [];
  limits: GatewayLimits;

  constructor(
    private readonly clock: FakeClock,
    limits: Partial<GatewayLimits> = {},
  ) {
    this.limits = { perMinute: 100_000, retryAfter: 'none', ...limits };
  }

  admit(): FakeReply | null {
    const now = this.clock.now();
    this.recent = this.recent.filter((at) => at > now - 60_000);
    if (this.recent.length < this.limits.perMinute) {
      this.recent.push(now);
      return null;
    }
    const value = { none: undefined, seconds: '30', date: new Date(now + 30_000).toUTCString() }[
      this.limits.retryAfter
    ];
    return { status: 429, headers: value === undefined ? {} : { 'retry-after': value } };
  }
}
