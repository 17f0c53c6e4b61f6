import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { to18 } from '../salesforce.ids.js';
import { ApiUsage, DEVELOPER_EDITION, type FakeOrgLimits } from './api-usage.js';
import { believableAccount, believableContact, believableLead } from './believable-records.js';
import { FakeLogins } from './fake-logins.js';
import type { SObjectType } from './field-definitions.js';
import { MessageOutbox } from './message-outbox.js';
import { type FakeRecord, SObjectTable } from './sobject-table.js';

export interface SalesforceOrgOptions {
  readonly random?: number;
  readonly limits?: Partial<FakeOrgLimits>;
  readonly retrySpeed?: number;
  /** Wide rows make Salesforce answer fewer of them at a time than it was asked for. */
  readonly mostRows?: number;
}

/** One Salesforce org: everything its API and its admin port show and change. */
export class SalesforceOrg {
  readonly id = to18('00D5g0000000001');
  readonly contacts: SObjectTable;
  readonly accounts: SObjectTable;
  readonly leads: SObjectTable;
  readonly messages: MessageOutbox;
  readonly faults = new FaultQueue();
  readonly logins: FakeLogins;
  readonly usage: ApiUsage;
  readonly mostRows: number;
  /** Known when the server listens. */
  url = '';
  private readonly random: Random;

  constructor(
    readonly clock: FakeClock,
    options: SalesforceOrgOptions = {},
  ) {
    this.mostRows = options.mostRows ?? 2_000;
    this.random = seededRandom(options.random ?? 1);
    this.logins = new FakeLogins(clock, this.id, () => this.url);
    this.usage = new ApiUsage(clock, { ...DEVELOPER_EDITION, ...options.limits });
    this.messages = new MessageOutbox({
      clock,
      random: this.random,
      organizationId: this.id,
      retrySpeed: options.retrySpeed ?? 600,
      find: (type, id) => this.tableOf(type)?.find(id),
    });
    this.contacts = this.table('Contact');
    this.accounts = this.table('Account');
    this.leads = this.table('Lead');
  }

  tableOf(type: string): SObjectTable | null {
    return (
      [this.contacts, this.accounts, this.leads].find(
        (table) => table.type.toLowerCase() === type.toLowerCase(),
      ) ?? null
    );
  }

  organization(): object {
    const url = `/services/data/v62.0/sobjects/Organization/${this.id}`;
    return { attributes: { type: 'Organization', url }, Id: this.id };
  }

  /** The lead stays, as converted; the person goes on as a contact. */
  convertLead(id: string): FakeRecord {
    const {
      FirstName = null,
      LastName = null,
      Email = null,
      Phone = null,
      Title = null,
    } = this.leads.find(id)?.values ?? {};
    const contact = this.contacts.create({ FirstName, LastName, Email, Phone, Title });
    this.leads.update(id, { IsConverted: true, ConvertedContactId: contact.id });
    return contact;
  }

  /** Believable records that were there before anybody listened. */
  seed({
    contacts = 0,
    accounts = 0,
    leads = 0,
  }: {
    contacts?: number;
    accounts?: number;
    leads?: number;
  }): void {
    const silent = { silent: true };
    const companies: string[] = [];
    for (let n = 0; n < accounts; n += 1)
      companies.push(this.accounts.create(believableAccount(n, this.random), silent).id);
    for (let n = 0; n < contacts; n += 1) {
      const account = companies[Math.floor(this.random() * companies.length)] ?? null;
      this.contacts.create(believableContact(n, this.random, account), silent);
    }
    for (let n = 0; n < leads; n += 1) this.leads.create(believableLead(n, this.random), silent);
  }

  /** Moves the clock and sends what became due on the way. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.messages.deliver();
  }

  private table(type: SObjectType): SObjectTable {
    return new SObjectTable({
      type,
      clock: this.clock,
      emit: (change, object, id) => this.messages.emit(change, object, id),
    });
  }
}
