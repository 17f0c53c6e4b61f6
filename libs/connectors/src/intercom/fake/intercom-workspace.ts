import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { believableCompany, believablePerson } from '../../testing/believable.js';
import type { AdminSubject } from '../../testing/fake-admin.js';
import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import { type FakeRecord, type RecordAction, RecordTable } from '../../testing/record-table.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { SignedOutbox } from '../../testing/signed-outbox.js';
import { companyJson, contactJson } from './intercom-json.js';
import { IntercomLimits } from './intercom-limits.js';

export interface IntercomWorkspaceOptions {
  readonly random?: number;
  /** How far the workspace's calendar is from UTC. */
  readonly utcOffsetHours?: number;
  readonly requestsPerMinute?: number;
}

/** One Intercom workspace with one private app: contacts, companies, and the app's only webhook URL. */
export class IntercomWorkspace implements AdminSubject {
  readonly appId = 'tx2p130c';
  readonly token = 'dG9rOmludGVyY29tLWZha2U=';
  readonly clientSecret = 'intercom-client-secret';
  readonly utcOffsetHours: number;
  tokenRevoked = false;
  readonly contacts: RecordTable;
  readonly companies: RecordTable;
  readonly tables: Readonly<Record<string, RecordTable>>;
  readonly faults = new FaultQueue();
  readonly limits: IntercomLimits;
  readonly outbox: SignedOutbox;
  private url: string | null = null;
  private readonly random: Random;
  private lastId = 0;
  private lastNotification = 0;

  constructor(
    readonly clock: FakeClock,
    options: IntercomWorkspaceOptions = {},
  ) {
    this.utcOffsetHours = options.utcOffsetHours ?? -8;
    this.random = seededRandom(options.random ?? 1);
    this.limits = new IntercomLimits(clock, options.requestsPerMinute ?? 10_000);
    this.contacts = this.table('contacts');
    this.companies = this.table('companies');
    this.tables = { contacts: this.contacts, companies: this.companies };
    this.outbox = new SignedOutbox({ now: () => clock.now(), timeoutMs: 5_000, retryAfter: retryOnce });
  }

  seed({ contacts = 0, companies = 0 }: { contacts?: number; companies?: number }): void {
    for (let n = 0; n < companies; n += 1) {
      const { name, website, industry } = believableCompany(n, this.random);
      this.companies.create({ name, website, industry, company_id: `c-${n}` }, { silent: true });
    }
    for (let n = 0; n < contacts; n += 1) {
      const { firstName, lastName, email, phone } = believablePerson(n, this.random);
      const role = n % 10 === 9 ? 'lead' : 'user';
      this.contacts.create({ role, name: `${firstName} ${lastName}`, email, phone }, { silent: true });
    }
  }

  subscribe(body: unknown): void {
    this.url = body === null ? null : z.object({ url: z.url() }).parse(body).url;
  }

  deliver(): Promise<void> {
    return this.outbox.deliver();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.deliver();
  }

  state(): unknown {
    return {
      now: new Date(this.clock.now()).toISOString(),
      contacts: this.contacts.listed().length,
      companies: this.companies.listed().length,
      deliveries: this.outbox.attempts.slice(-20),
    };
  }

  private table(kind: 'contacts' | 'companies'): RecordTable {
    return new RecordTable({
      clock: this.clock,
      nextId: () => this.nextId(),
      listener: (action, record) => this.notify(kind, action, record),
    });
  }

  private notify(kind: 'contacts' | 'companies', action: RecordAction, record: FakeRecord): void {
    const topic = kind === 'contacts' ? contactTopic(action, record) : COMPANY_TOPICS[action];
    if (!this.url || !topic) return;
    this.lastNotification += 1;
    const now = Math.floor(this.clock.now() / 1000);
    const gone = topic.endsWith('.deleted');
    const full = kind === 'contacts' ? contactJson(this.appId, record) : companyJson(this.appId, record);
    const rawBody = Buffer.from(
      JSON.stringify({
        type: 'notification_event',
        app_id: this.appId,
        id: `notif_${String(this.lastNotification).padStart(8, '0')}`,
        topic,
        delivery_status: 'pending',
        delivery_attempts: 1,
        delivered_at: 0,
        first_sent_at: now,
        created_at: now,
        // What was deleted is identified, and not shown.
        data: {
          type: 'notification_event_data',
          item: gone ? { type: kind === 'contacts' ? 'contact' : 'company', id: record.id } : full,
        },
      }),
    );
    const signature = `sha1=${createHmac('sha1', this.clientSecret).update(rawBody).digest('hex')}`;
    this.outbox.add({ url: this.url, rawBody, headers: { 'x-hub-signature': signature } });
  }

  private nextId(): string {
    this.lastId += 1;
    return `66a1b2c3d4e5f6${this.lastId.toString(16).padStart(10, '0')}`;
  }
}

function contactTopic(action: RecordAction, { fields }: FakeRecord): string {
  const role = fields.role === 'lead' ? 'lead' : 'user';
  return {
    create: `contact.${role}.created`,
    update: `contact.${role}.updated`,
    delete: 'contact.archived',
    erase: 'contact.deleted',
    restore: 'contact.unarchived',
    merge: 'contact.merged',
  }[action];
}

const COMPANY_TOPICS: Readonly<Record<RecordAction, string | null>> = {
  create: 'company.created',
  update: 'company.updated',
  delete: 'company.deleted',
  erase: 'company.deleted',
  restore: 'company.created',
  merge: null,
};

/** One more attempt, a minute later. */
function retryOnce(status: number | 'unreachable', attempt: number): number | undefined {
  return (status === 'unreachable' || status >= 400) && attempt === 0 ? 60_000 : undefined;
}
