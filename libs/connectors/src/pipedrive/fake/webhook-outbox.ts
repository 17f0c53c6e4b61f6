import { randomUUID } from 'node:crypto';
import type { FakeClock } from '../../testing/fake-clock.js';
import { statusOfPost } from '../../testing/post-webhook.js';

export type PipedriveEntity = 'person' | 'organization';

export interface PipedriveSubscription {
  readonly url: string;
  readonly action?: string;
  readonly entity?: string;
  readonly user?: string;
  readonly password?: string;
}

export interface PipedriveEventInput {
  readonly entity: PipedriveEntity;
  readonly action: 'create' | 'change' | 'delete';
  readonly id: number;
  readonly data: unknown;
  readonly previous: unknown;
  readonly mergedTo?: number;
}

export interface PipedriveAttempt {
  readonly event: string;
  readonly attempt: number;
  readonly status: number | 'unreachable';
}

interface Waiting {
  readonly subscription: Subscribed;
  readonly body: { readonly meta: Readonly<Record<string, unknown>>; readonly [key: string]: unknown };
  readonly attempt: number;
  readonly dueAt: number;
}

interface Subscribed extends PipedriveSubscription {
  readonly id: number;
  failures: number;
  bannedUntil: number;
  lastSuccess: number;
}

/**
 * Sends events as webhooks v2 do: one a request, ten seconds to answer, again after 3, 30 and 150 seconds;
 * ten failed first attempts ban the receiver for half an hour, three days without success end the subscription.
 */
export class PipedriveOutbox {
  readonly attempts: PipedriveAttempt[] = [];
  /** Delivers by itself after each change; otherwise `deliver` does. */
  automatic = false;
  private subscriptions: Subscribed[] = [];
  private waiting: Waiting[] = [];
  private sending: Promise<void> = Promise.resolve();
  private readonly timers = new Set<NodeJS.Timeout>();
  private lastId = 0;

  constructor(
    private readonly clock: FakeClock,
    private readonly companyId: number,
  ) {}

  subscribe(subscription: PipedriveSubscription): number {
    this.lastId += 1;
    const history = { failures: 0, bannedUntil: 0, lastSuccess: this.clock.now() };
    this.subscriptions.push({ ...subscription, id: this.lastId, ...history });
    return this.lastId;
  }

  unsubscribeAll(): void {
    this.subscriptions = [];
    this.waiting = [];
  }

  get subscribed(): readonly number[] {
    return this.subscriptions.map(({ id }) => id);
  }

  emit(event: PipedriveEventInput): void {
    const now = this.clock.now();
    for (const subscription of this.subscriptions) {
      if (!matches(subscription, event) || subscription.bannedUntil > now) continue;
      this.waiting.push({ subscription, body: this.toWire(subscription, event), attempt: 1, dueAt: now });
    }
    if (this.automatic && this.waiting.length > 0) this.wake(0);
  }

  /** Drops what is waiting: lost webhooks. */
  lose(): number {
    const lost = this.waiting.length;
    this.waiting = [];
    return lost;
  }

  /** Sends everything that is due on the fake's clock, one call after the other. */
  deliver(): Promise<void> {
    this.sending = this.sending.then(() => this.deliverDue());
    return this.sending;
  }

  async close(): Promise<void> {
    this.unsubscribeAll();
    for (const timer of this.timers) clearTimeout(timer);
    await this.sending;
  }

  private async deliverDue(): Promise<void> {
    const now = this.clock.now();
    const due = this.waiting.filter(({ dueAt }) => dueAt <= now);
    this.waiting = this.waiting.filter(({ dueAt }) => dueAt > now);
    for (const delivery of due) await this.attempt(delivery);
    const [next] = this.waiting.map(({ dueAt }) => dueAt).sort((a, b) => a - b);
    if (next !== undefined && !this.clock.manual) this.wake(Math.max(1, next - this.clock.now()));
  }

  private async attempt(delivery: Waiting): Promise<void> {
    const { subscription, attempt } = delivery;
    const body = { ...delivery.body, meta: { ...delivery.body.meta, attempt } };
    const status = await post(subscription, body);
    this.attempts.push({ event: String(delivery.body.meta.id), attempt, status });
    if (status !== 'unreachable' && status < 400) {
      subscription.failures = 0;
      subscription.lastSuccess = this.clock.now();
    } else this.failed(delivery);
  }

  private failed({ subscription, body, attempt }: Waiting): void {
    const now = this.clock.now();
    if (attempt === 1) subscription.failures += 1;
    if (subscription.failures >= MAX_FAILURES) {
      subscription.bannedUntil = now + BAN_MS;
      subscription.failures = 0;
    }
    if (now - subscription.lastSuccess >= GIVE_UP_MS)
      this.subscriptions = this.subscriptions.filter(({ id }) => id !== subscription.id);
    const delay = RETRY_DELAYS_MS[attempt - 1];
    if (delay !== undefined)
      this.waiting.push({ subscription, body, attempt: attempt + 1, dueAt: now + delay });
  }

  private toWire(subscription: Subscribed, event: PipedriveEventInput): Waiting['body'] {
    return {
      meta: {
        action: event.action,
        entity: event.entity,
        entity_id: String(event.id),
        company_id: String(this.companyId),
        correlation_id: randomUUID(),
        id: randomUUID(),
        is_bulk_edit: false,
        timestamp: new Date(this.clock.now()).toISOString(),
        type: 'general',
        user_id: '1',
        version: '2.0',
        webhook_id: String(subscription.id),
        webhook_owner_id: '1',
        change_source: 'app',
        host: 'company.pipedrive.example',
        permitted_user_ids: ['1'],
        ...(event.mergedTo === undefined ? {} : { merged_to_id: event.mergedTo }),
      },
      data: event.data,
      previous: event.previous,
    };
  }

  private wake(ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.deliver();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}

function matches({ action = '*', entity = '*' }: PipedriveSubscription, event: PipedriveEventInput): boolean {
  return (action === '*' || action === event.action) && (entity === '*' || entity === event.entity);
}

function post(
  { url, user, password }: PipedriveSubscription,
  body: unknown,
): Promise<number | 'unreachable'> {
  const basic = `Basic ${Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64')}`;
  const headers: Record<string, string> = user ? { authorization: basic } : {};
  return statusOfPost({ url, body: JSON.stringify(body), headers, timeoutMs: DELIVERY_TIMEOUT_MS });
}

const DELIVERY_TIMEOUT_MS = 10_000;
const RETRY_DELAYS_MS = [3_000, 30_000, 150_000];
const MAX_FAILURES = 10;
const BAN_MS = 30 * 60 * 1000;
const GIVE_UP_MS = 3 * 24 * 60 * 60 * 1000;
