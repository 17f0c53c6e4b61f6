import { batchesOf } from '../../ground/batches.js';
import type { FakeClock } from '../../testing/fake-clock.js';
import { postWebhook } from '../../testing/post-webhook.js';
import { type Random, shuffled } from '../../testing/seeded-random.js';
import { to18 } from '../salesforce.ids.js';
import { SOBJECT_TYPES, type SObjectType } from './field-definitions.js';
import { changeEventJson, type Notification, outboundXml } from './message-bodies.js';
import type { FakeChange, FakeRecord } from './sobject-table.js';

export interface MessageTarget {
  readonly url: string;
  /** Outbound Messages as Salesforce posts them, or change events as a relay forwards them. */
  readonly format?: 'outbound' | 'changes';
  /** Messages come in any order, and more than once. */
  readonly shuffle?: boolean;
  readonly duplicate?: boolean;
  /** Delivers by itself after each change; otherwise `deliver` does. */
  readonly automatic?: boolean;
}

export interface MessageAttempt {
  readonly notifications: number;
  readonly attempt: number;
  readonly acknowledged: boolean;
}

interface Batch {
  readonly notifications: readonly Notification[];
  readonly attempt: number;
  readonly firstAt: number;
  readonly dueAt: number;
}

interface OutboxOptions {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly organizationId: string;
  readonly retrySpeed: number;
  readonly find: (type: SObjectType, id: string) => FakeRecord | undefined;
}

/** At least once, out of order, with the latest data; again for 24 hours, with growing pauses up to two hours. */
export class MessageOutbox {
  readonly attempts: MessageAttempt[] = [];
  private target: MessageTarget | null = null;
  private waiting: Notification[] = [];
  private retries: Batch[] = [];
  private count = 0;
  private sending: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: OutboxOptions) {}

  send(target: MessageTarget | null): void {
    this.target = target;
  }

  /** A deletion fires no Outbound Message; change events have it. */
  emit(change: FakeChange, type: SObjectType, recordId: string): void {
    if (!this.target || (change === 'DELETE' && this.target.format !== 'changes')) return;
    this.count += 1;
    const id = to18(`04l5g${String(this.count).padStart(10, '0')}`);
    this.waiting.push({ id, change, type, recordId, at: this.options.clock.now() });
    if (this.target.automatic) this.wake(0);
  }

  /** Drops what is waiting: lost messages. */
  lose(): number {
    return this.waiting.splice(0).length;
  }

  /** Sends everything that is due on the fake's clock, one call after the other. */
  deliver(): Promise<void> {
    this.sending = this.sending.then(() => this.deliverDue());
    return this.sending;
  }

  async close(): Promise<void> {
    this.target = null;
    clearTimeout(this.timer);
    await this.sending;
  }

  private async deliverDue(): Promise<void> {
    const now = this.options.clock.now();
    const due = this.retries.filter(({ dueAt }) => dueAt <= now);
    this.retries = this.retries.filter(({ dueAt }) => dueAt > now);
    for (const batch of [...due, ...this.newBatches(now)]) await this.attempt(batch);
    const next = Math.min(...this.retries.map(({ dueAt }) => dueAt));
    if (!this.options.clock.manual && Number.isFinite(next)) this.wake(Math.max(1, next - now));
  }

  /** An Outbound Message speaks of one object. */
  private newBatches(now: number): Batch[] {
    const { duplicate, shuffle } = this.target ?? {};
    const fresh = this.waiting.splice(0);
    const doubled = duplicate ? [...fresh, ...fresh] : fresh;
    const ordered = shuffle ? shuffled(doubled, this.options.random) : doubled;
    return SOBJECT_TYPES.flatMap((type) => {
      const group = ordered.filter((notification) => notification.type === type);
      return [...batchesOf(group, MAX_NOTIFICATIONS)].map((notifications) => ({
        notifications,
        attempt: 0,
        firstAt: now,
        dueAt: now,
      }));
    });
  }

  private async attempt(batch: Batch): Promise<void> {
    const { target } = this;
    if (!target) return;
    const acknowledged = await post(target, this.bodyOf(target, batch.notifications));
    const { notifications, attempt } = batch;
    this.attempts.push({ notifications: notifications.length, attempt, acknowledged });
    if (!acknowledged) this.retryLater(batch);
  }

  private bodyOf({ format }: MessageTarget, notifications: readonly Notification[]): string {
    const { organizationId, find } = this.options;
    return format === 'changes'
      ? JSON.stringify(notifications.map((one, n) => changeEventJson(organizationId, one, n + 1)))
      : outboundXml(organizationId, notifications, find);
  }

  private retryLater(batch: Batch): void {
    const now = this.options.clock.now();
    if (now - batch.firstAt > DAY_MS) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** batch.attempt, LONGEST_DELAY_MS);
    const wait = this.options.clock.manual ? delay : delay / this.options.retrySpeed;
    this.retries.push({ ...batch, attempt: batch.attempt + 1, dueAt: now + wait });
  }

  private wake(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.deliver(), Math.ceil(ms));
    this.timer.unref();
  }
}

/** Salesforce reads the answer: a plain 200 is no acknowledgement of an Outbound Message. */
async function post({ url, format }: MessageTarget, body: string): Promise<boolean> {
  const contentType = format === 'changes' ? 'application/json' : 'text/xml; charset=UTF-8';
  const headers = { 'content-type': contentType, soapaction: '""' };
  const answer = await postWebhook({ url, body, headers, timeoutMs: DELIVERY_TIMEOUT_MS });
  if (answer === 'unreachable') return false;
  const { status, text } = answer;
  if (format === 'changes') return status >= 200 && status < 300;
  return status === 200 && /<(\w+:)?Ack>\s*true\s*<\/(\w+:)?Ack>/.test(text);
}

const MAX_NOTIFICATIONS = 100;
const DELIVERY_TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 2 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
