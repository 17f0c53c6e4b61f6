import type { FakeClock } from '../../testing/fake-clock.js';
import { statusOfPost } from '../../testing/post-webhook.js';
import { type Random, shuffled } from '../../testing/seeded-random.js';
import { signatureV1, signatureV3 } from '../hubspot.signature.js';

export interface FakeEvent {
  readonly object: 'contact' | 'company';
  readonly action: string;
  readonly objectId: string;
  readonly occurredAt: number;
  readonly propertyName?: string;
  readonly propertyValue?: string;
  readonly changeFlag?: string;
  readonly primaryObjectId?: string;
  readonly mergedObjectIds?: readonly string[];
  readonly newObjectId?: string;
  readonly numberOfPropertiesMoved?: number;
  readonly fromObjectId?: string;
  readonly toObjectId?: string;
  readonly associationType?: string;
  readonly associationRemoved?: boolean;
}

export interface WebhookTarget {
  readonly url: string;
  /** The URL that is signed, when a proxy makes it another than the one that is called. */
  readonly signedUrl?: string;
  readonly signature?: 'v3' | 'v1' | 'both';
  /** Mischief HubSpot warns of: order is not kept, and some deliveries come twice. */
  readonly shuffle?: boolean;
  readonly duplicate?: boolean;
  /** Delivers by itself after each change; otherwise `deliver` does. */
  readonly automatic?: boolean;
}

export interface DeliveryAttempt {
  readonly events: number;
  readonly attempt: number;
  readonly status: number | 'unreachable';
}

export interface OutboxOptions {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly portalId: number;
  readonly clientSecret: () => string;
  /** By how much the 24 hours of retries are shortened when the clock runs by itself. */
  readonly retrySpeed: number;
}

type WireEvent = Readonly<Record<string, unknown>>;
interface Batch {
  readonly events: readonly WireEvent[];
  readonly attempt: number;
  readonly dueAt: number;
}

/** Sends events as HubSpot does: signed batches below 100, five seconds to answer, ten retries in a day. */
export class WebhookOutbox {
  readonly attempts: DeliveryAttempt[] = [];
  private target: WebhookTarget | null = null;
  private events: WireEvent[] = [];
  private retries: Batch[] = [];
  private readonly subscriptions = new Map<string, number>();
  private eventCount = 0;
  private sending: Promise<void> = Promise.resolve();
  private timers = new Set<NodeJS.Timeout>();
  private retryTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: OutboxOptions) {}

  send(target: WebhookTarget | null): void {
    this.target = target;
  }

  emit(event: FakeEvent): void {
    if (!this.target) return;
    this.events.push(this.toWire(event));
    if (this.target.automatic && this.events.length === 1) this.wake(0);
  }

  /** Drops what is waiting: a lost webhook. */
  lose(): number {
    const lost = this.events.length;
    this.events = [];
    return lost;
  }

  /** Sends everything that is due on the fake's clock, one call after the other. */
  deliver(): Promise<void> {
    this.sending = this.sending.then(() => this.deliverDue());
    return this.sending;
  }

  async close(): Promise<void> {
    this.target = null;
    for (const timer of this.timers) clearTimeout(timer);
    await this.sending;
  }

  private async deliverDue(): Promise<void> {
    const now = this.options.clock.now();
    const due = this.retries.filter(({ dueAt }) => dueAt <= now);
    this.retries = this.retries.filter(({ dueAt }) => dueAt > now);
    for (const batch of [...due, ...this.newBatches(now)]) await this.attempt(batch);
    this.wakeForRetries();
  }

  /** Asked after every delivery: a timer may fire a moment before the clock says that a batch is due. */
  private wakeForRetries(): void {
    if (this.options.clock.manual || this.retries.length === 0) return;
    const next = Math.min(...this.retries.map(({ dueAt }) => dueAt));
    if (this.retryTimer) this.forget(this.retryTimer);
    this.retryTimer = this.wake(Math.max(1, next - this.options.clock.now()));
  }

  private forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(timer);
  }

  private newBatches(dueAt: number): Batch[] {
    const { shuffle, duplicate } = this.target ?? {};
    const waiting = this.events;
    this.events = [];
    const doubled = duplicate ? waiting.flatMap((event) => [event, event]) : waiting;
    const ordered = shuffle ? shuffled(doubled, this.options.random) : doubled;
    const batches: Batch[] = [];
    for (let start = 0; start < ordered.length; start += MAX_BATCH)
      batches.push({ events: ordered.slice(start, start + MAX_BATCH), attempt: 0, dueAt });
    return batches;
  }

  private async attempt(batch: Batch): Promise<void> {
    const { target } = this;
    if (!target) return;
    const { rawBody: body, headers } = this.signed(target, batch);
    const status = await statusOfPost({ url: target.url, body, headers, timeoutMs: DELIVERY_TIMEOUT_MS });
    this.attempts.push({ events: batch.events.length, attempt: batch.attempt, status });
    if (status === 'unreachable' || status >= 400) this.retryLater(batch);
  }

  private signed(target: WebhookTarget, { events, attempt }: Batch) {
    const rawBody = Buffer.from(
      JSON.stringify(events.map((event) => ({ ...event, attemptNumber: attempt }))),
    );
    const secret = this.options.clientSecret();
    const timestamp = String(this.options.clock.now());
    const url = target.signedUrl ?? target.url;
    const v3 = {
      'x-hubspot-signature-v3': signatureV3(secret, { method: 'POST', url, rawBody }, timestamp),
      'x-hubspot-request-timestamp': timestamp,
    };
    const v1 = {
      'x-hubspot-signature': signatureV1(secret, { rawBody }),
      'x-hubspot-signature-version': 'v1',
    };
    const kind = target.signature ?? 'both';
    return { rawBody, headers: { ...(kind === 'v1' ? {} : v3), ...(kind === 'v3' ? {} : v1) } };
  }

  private retryLater(batch: Batch): void {
    const delay = RETRY_DELAYS_MS[batch.attempt];
    if (delay === undefined) return;
    const jittered = delay * (0.9 + this.options.random() * 0.2);
    const wait = this.options.clock.manual ? jittered : jittered / this.options.retrySpeed;
    this.retries.push({ ...batch, attempt: batch.attempt + 1, dueAt: this.options.clock.now() + wait });
  }

  private wake(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.deliver();
    }, Math.ceil(ms));
    timer.unref();
    this.timers.add(timer);
    return timer;
  }

  private toWire({ object, action, objectId, ...event }: FakeEvent): WireEvent {
    const subscriptionType = `${object}.${action}`;
    const { primaryObjectId, mergedObjectIds, newObjectId, fromObjectId, toObjectId, ...rest } = event;
    this.eventCount += 1;
    return {
      eventId: this.eventCount,
      subscriptionId: this.subscriptionId(`${subscriptionType}:${event.propertyName ?? ''}`),
      portalId: this.options.portalId,
      appId: APP_ID,
      subscriptionType,
      changeSource: 'CRM',
      ...rest,
      ...(fromObjectId && toObjectId
        ? { fromObjectId: Number(fromObjectId), toObjectId: Number(toObjectId) }
        : { objectId: Number(objectId) }),
      ...(newObjectId && primaryObjectId
        ? {
            primaryObjectId: Number(primaryObjectId),
            mergedObjectIds: mergedObjectIds?.map(Number),
            newObjectId: Number(newObjectId),
          }
        : {}),
    };
  }

  private subscriptionId(name: string): number {
    const id = this.subscriptions.get(name) ?? 12_345 + this.subscriptions.size;
    this.subscriptions.set(name, id);
    return id;
  }
}

const APP_ID = 54_321;
const MAX_BATCH = 99;
const DELIVERY_TIMEOUT_MS = 5_000;
const MINUTE_MS = 60_000;
const RETRY_DELAYS_MS = [1, 5, 15, 30, 60, 120, 180, 240, 300, 360].map((minutes) => minutes * MINUTE_MS);
