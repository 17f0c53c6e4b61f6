import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { believableCompany, believablePerson } from './believable-records.js';
import { PartnerTable } from './partner-table.js';
import { OdooOutbox } from './webhook-outbox.js';

export interface OdooDatabaseOptions {
  readonly database?: string;
  readonly random?: number;
  /** Administrators may read `ir.config_parameter`, others may not. */
  readonly administrator?: boolean;
}

/** One Odoo database: everything its API and its admin port show and change. */
export class OdooDatabase {
  readonly name: string;
  readonly uuid = '2f4b1f86-5d3c-11f0-9a52-0242ac120002';
  readonly login = 'rollcall@company.example';
  readonly apiKey = '9b1d0c4f7a2e8835d6b09f21c3a7e54d8f60b2ac';
  readonly partners: PartnerTable;
  readonly webhooks: OdooOutbox;
  readonly faults = new FaultQueue();
  keyIsValid = true;
  administrator: boolean;
  /** Odoo has no limits; a proxy in front of it may. */
  proxyRefusal: Readonly<Record<string, string>> | null = null;
  private readonly random: Random;

  constructor(
    readonly clock: FakeClock,
    options: OdooDatabaseOptions = {},
  ) {
    this.name = options.database ?? 'company';
    this.administrator = options.administrator ?? true;
    this.random = seededRandom(options.random ?? 1);
    this.webhooks = new OdooOutbox(clock);
    const emit = this.webhooks.emit.bind(this.webhooks);
    this.partners = new PartnerTable({ clock, emit });
  }

  /** Believable companies and people, each in one transaction, as an import makes them. */
  seed({ people = 0, companies = 0 }: { people?: number; companies?: number }): void {
    const silent = { silent: true };
    const made = this.partners.create(
      Array.from({ length: companies }, (_, n) => believableCompany(n, this.random)),
      silent,
    );
    this.partners.create(
      Array.from({ length: people }, (_, n) => believablePerson(n, this.random, made)),
      silent,
    );
  }

  /** Moves the clock and sends what is waiting. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.webhooks.deliver();
  }
}
