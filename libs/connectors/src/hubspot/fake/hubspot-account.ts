import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { AssociationTable } from './association-table.js';
import { believableCompany, believableContact } from './believable-records.js';
import { FakeTokens } from './fake-tokens.js';
import { ObjectTable } from './object-table.js';
import { type FakeLimits, LOWEST_TIER_LIMITS, RateLimits } from './rate-limits.js';
import { WebhookOutbox } from './webhook-outbox.js';

export interface HubSpotAccountOptions {
  readonly portalId?: number;
  readonly random?: number;
  readonly searchLagMs?: number;
  readonly limits?: Partial<FakeLimits>;
  /** What a batch read answers for an id that was merged away. */
  readonly mergedReads?: 'winner' | 'missing';
  readonly retrySpeed?: number;
}

/** One HubSpot account: everything its API and its admin port show and change. */
export class HubSpotAccount {
  readonly portalId: number;
  readonly contacts: ObjectTable;
  readonly companies: ObjectTable;
  readonly associations: AssociationTable;
  readonly webhooks: WebhookOutbox;
  readonly faults = new FaultQueue();
  readonly tokens: FakeTokens;
  readonly rates: RateLimits;
  readonly mergedReads: 'winner' | 'missing';
  private readonly random: Random;
  private lastId = 500;

  constructor(
    readonly clock: FakeClock,
    options: HubSpotAccountOptions = {},
  ) {
    this.portalId = options.portalId ?? 62_515;
    this.mergedReads = options.mergedReads ?? 'winner';
    this.random = seededRandom(options.random ?? 1);
    this.tokens = new FakeTokens(this.portalId);
    this.rates = new RateLimits(clock, { ...LOWEST_TIER_LIMITS, ...options.limits });
    this.webhooks = new WebhookOutbox({
      clock,
      random: this.random,
      portalId: this.portalId,
      clientSecret: () => this.tokens.clientSecret,
      retrySpeed: options.retrySpeed ?? 600,
    });
    const searchLagMs = options.searchLagMs ?? 2_000;
    this.contacts = this.table('contacts', searchLagMs);
    this.companies = this.table('companies', searchLagMs);
    this.associations = new AssociationTable(this.contacts, this.companies, clock, (event) =>
      this.webhooks.emit(event),
    );
  }

  tableOf(type: string): ObjectTable | null {
    if (type === 'contacts' || type === '0-1') return this.contacts;
    return type === 'companies' || type === '0-2' ? this.companies : null;
  }

  /** Believable people and companies that were there before anybody subscribed. */
  seed({ contacts = 0, companies = 0 }: { contacts?: number; companies?: number }): void {
    const write = { silent: true, visibleAfterMs: 0 };
    for (let n = 0; n < companies; n += 1) this.companies.create(believableCompany(n, this.random), write);
    for (let n = 0; n < contacts; n += 1) this.contacts.create(believableContact(n, this.random), write);
  }

  /** Moves the clock and sends what became due on the way. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.webhooks.deliver();
  }

  private table(type: 'contacts' | 'companies', searchLagMs: number): ObjectTable {
    return new ObjectTable({
      type,
      clock: this.clock,
      searchLagMs,
      nextId: () => this.nextId(),
      emit: (event) => this.webhooks.emit(event),
    });
  }

  private nextId(): string {
    this.lastId += 1;
    return String(this.lastId);
  }
}
