import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { believableCompany, believablePerson } from '../../testing/believable.js';
import type { AdminSubject } from '../../testing/fake-admin.js';
import type { FakeClock } from '../../testing/fake-clock.js';
import { FaultQueue } from '../../testing/faults.js';
import {
  type FakeRecord,
  type RecordAction,
  type RecordFields,
  RecordTable,
} from '../../testing/record-table.js';
import { type Random, seededRandom } from '../../testing/seeded-random.js';
import { SignedOutbox } from '../../testing/signed-outbox.js';
import { espoTime, recordJson } from './espocrm-json.js';
import { GatewayLimit, type GatewayLimits } from './gateway-limit.js';

export interface EspoSiteOptions {
  readonly random?: number;
  readonly gateway?: Partial<GatewayLimits>;
}

export interface EspoWebhook {
  readonly id: string;
  readonly event: string;
  readonly url: string;
  readonly secretKey: string;
}

/** One EspoCRM installation: its records, its API user, and webhooks that are sent in batches by a queue job. */
export class EspoSite implements AdminSubject {
  readonly apiKey = '0123456789abcdef0123456789abcdef';
  active = true;
  readonly contacts: RecordTable;
  readonly accounts: RecordTable;
  readonly tables: Readonly<Record<string, RecordTable>>;
  readonly faults = new FaultQueue();
  readonly gateway: GatewayLimit;
  readonly outbox: SignedOutbox;
  webhooks: EspoWebhook[] = [];
  private queue: { event: string; payload: unknown }[] = [];
  private readonly random: Random;
  private lastId = 0;

  constructor(
    readonly clock: FakeClock,
    options: EspoSiteOptions = {},
  ) {
    this.random = seededRandom(options.random ?? 1);
    this.gateway = new GatewayLimit(clock, options.gateway);
    this.contacts = this.table('Contact');
    this.accounts = this.table('Account');
    this.tables = { Contact: this.contacts, Account: this.accounts };
    this.outbox = new SignedOutbox({
      now: () => clock.now(),
      timeoutMs: 5_000,
      retryAfter: (status, attempt) => this.retry(status, attempt),
    });
  }

  seed({ contacts = 0, accounts = 0 }: { contacts?: number; accounts?: number }): void {
    for (let n = 0; n < accounts; n += 1)
      this.accounts.create(believableCompany(n, this.random), { silent: true });
    for (let n = 0; n < contacts; n += 1) {
      const { firstName, lastName, email, phone, title } = believablePerson(n, this.random);
      this.contacts.create(
        { firstName, lastName, emailAddress: email, phoneNumber: phone, title },
        { silent: true },
      );
    }
  }

  /** `POST /Webhook` of an administrator: one event, one URL, one secret. */
  subscribe(body: unknown): EspoWebhook {
    const { event, url } = z
      .object({ event: z.string().regex(/^(Contact|Account)\.(create|update|delete)$/), url: z.url() })
      .parse(body);
    const n = String(this.webhooks.length + 1);
    const webhook = {
      id: `65f0beef${n.padStart(9, '0')}`,
      event,
      url,
      secretKey: `espo-webhook-secret-${n}`,
    };
    this.webhooks.push(webhook);
    return webhook;
  }

  /** The queue job `ProcessWebhookQueue`: at most fifty records a batch, the event named by nothing but the webhook. */
  async deliver(): Promise<void> {
    const queued = this.queue.splice(0);
    for (const webhook of this.webhooks) {
      const payloads = queued.filter(({ event }) => event === webhook.event).map(({ payload }) => payload);
      for (let start = 0; start < payloads.length; start += MAX_BATCH)
        this.outbox.add(signed(webhook, payloads.slice(start, start + MAX_BATCH)));
    }
    await this.outbox.deliver();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.deliver();
  }

  state(): unknown {
    const { contacts, accounts, outbox, clock } = this;
    return {
      now: espoTime(clock.now()),
      contacts: contacts.listed().length,
      accounts: accounts.listed().length,
      webhooks: this.webhooks.map(({ id, event, url }) => ({ id, event, url })),
      deliveries: outbox.attempts.slice(-20),
    };
  }

  /** Four attempts, ten minutes apart, for these only; 410 takes the webhook away. */
  private retry(status: number | 'unreachable', attempt: number): number | undefined {
    const again = status === 'unreachable' || [401, 403, 404, 405, 408, 500, 503].includes(status);
    return again && attempt < 3 ? 600_000 : undefined;
  }

  private table(entity: string): RecordTable {
    return new RecordTable({
      clock: this.clock,
      nextId: () => this.nextId(),
      listener: (action, record, changed) => this.record(entity, action, record, changed),
    });
  }

  private record(entity: string, action: RecordAction, record: FakeRecord, changed: RecordFields): void {
    const event = `${entity}.${EVENTS[action]}`;
    const payload = {
      create: recordJson(record),
      update: { id: record.id, ...changed, modifiedAt: espoTime(record.modifiedAt) },
      delete: { id: record.id },
    }[EVENTS[action]];
    if (this.webhooks.some((webhook) => webhook.event === event)) this.queue.push({ event, payload });
  }

  /** Seventeen characters that grow, as EspoCRM makes them of the time. */
  private nextId(): string {
    this.lastId += 1;
    return `65f${this.lastId.toString(16).padStart(14, '0')}`;
  }
}

const EVENTS = {
  create: 'create',
  update: 'update',
  merge: 'update',
  delete: 'delete',
  erase: 'delete',
  restore: 'create',
} as const satisfies Record<RecordAction, string>;

function signed({ id, url, secretKey }: EspoWebhook, payloads: readonly unknown[]) {
  const rawBody = Buffer.from(JSON.stringify(payloads));
  const hex = createHmac('sha256', secretKey).update(rawBody).digest('hex');
  return { url, rawBody, headers: { signature: Buffer.from(`${id}:${hex}`).toString('base64') } };
}

const MAX_BATCH = 50;
