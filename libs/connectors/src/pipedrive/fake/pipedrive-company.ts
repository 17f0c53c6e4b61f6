import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { believableOrganization, believablePerson } from './believable-records.js';
import { FakeTokens } from './fake-tokens.js';
import { itemJson } from './item-json.js';
import { type ItemChange, ItemTable } from './item-table.js';
import { type PipedriveLimits, PipedriveRates, SMALLEST_PLAN } from './rate-limits.js';
import { type PipedriveEntity, PipedriveOutbox } from './webhook-outbox.js';

export interface PipedriveCompanyOptions {
  readonly companyId?: number;
  readonly random?: number;
  readonly limits?: Partial<PipedriveLimits>;
  /** What a read by id shows of a deleted record. */
  readonly deletedReads?: 'flagged' | 'missing';
}

/** One Pipedrive company: everything its API and its admin port show and change. */
export class PipedriveCompany {
  readonly companyId: number;
  readonly persons: ItemTable;
  readonly organizations: ItemTable;
  readonly webhooks: PipedriveOutbox;
  readonly faults = new FaultQueue();
  readonly tokens = new FakeTokens();
  readonly rates: PipedriveRates;
  readonly deletedReads: 'flagged' | 'missing';
  private readonly random: Random;
  private lastId = 100;

  constructor(
    readonly clock: FakeClock,
    options: PipedriveCompanyOptions = {},
  ) {
    this.companyId = options.companyId ?? 7_441_201;
    this.deletedReads = options.deletedReads ?? 'flagged';
    this.random = seededRandom(options.random ?? 1);
    this.rates = new PipedriveRates(clock, { ...SMALLEST_PLAN, ...options.limits });
    this.webhooks = new PipedriveOutbox(clock, this.companyId);
    this.persons = this.table('person');
    this.organizations = this.table('organization');
  }

  tableOf(name: string): { readonly entity: PipedriveEntity; readonly table: ItemTable } | null {
    if (name === 'persons') return { entity: 'person', table: this.persons };
    return name === 'organizations' ? { entity: 'organization', table: this.organizations } : null;
  }

  /** Believable people and companies that were there before anybody subscribed. */
  seed({ persons = 0, organizations = 0 }: { persons?: number; organizations?: number }): void {
    const silent = { silent: true };
    const orgIds: number[] = [];
    for (let n = 0; n < organizations; n += 1)
      orgIds.push(this.organizations.create(believableOrganization(n, this.random), silent).id);
    for (let n = 0; n < persons; n += 1)
      this.persons.create(believablePerson(n, this.random, orgIds), silent);
  }

  /** Moves the clock and sends what became due on the way. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.webhooks.deliver();
  }

  private table(entity: PipedriveEntity): ItemTable {
    return new ItemTable({
      entity,
      clock: this.clock,
      nextId: () => {
        this.lastId += 1;
        return this.lastId;
      },
      emit: (change) => this.announce(change),
    });
  }

  private announce({ entity, action, item, previous, mergedTo }: ItemChange): void {
    const json = itemJson(entity, item);
    this.webhooks.emit({
      entity,
      action,
      id: item.id,
      data: action === 'delete' ? null : json,
      previous: action === 'delete' ? json : previous,
      ...(mergedTo === undefined ? {} : { mergedTo }),
    });
  }
}
