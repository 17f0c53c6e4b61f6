import type { FakeClock } from '../../testing/fake-clock.js';
import { statusOfPost } from '../../testing/post-webhook.js';
import type { FakePartner } from './partner-table.js';

export interface OdooAutomation {
  /** The URL with its secret: Odoo has nothing else to prove itself by. */
  readonly url: string;
  readonly trigger?: 'on_create_or_write' | 'on_unlink';
  /** What was ticked under "Fields" of the webhook action. */
  readonly fields?: readonly string[];
  /** How often one write fires: twice, and eleven times for a record that is created, were measured. */
  readonly copies?: number;
  readonly automatic?: boolean;
}

export interface OdooAttempt {
  readonly id: number;
  readonly status: number | 'unreachable';
}

/** Fire and forget: one second to answer, no retry, no signature, the same several times. */
export class OdooOutbox {
  readonly attempts: OdooAttempt[] = [];
  private automations: (OdooAutomation & { readonly action: number })[] = [];
  private waiting: { url: string; id: number; body: string }[] = [];
  private sending: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private lastAction = 234;

  constructor(private readonly clock: FakeClock) {}

  add(automation: OdooAutomation): void {
    this.lastAction += 1;
    this.automations.push({ ...automation, action: this.lastAction });
  }

  removeAll(): void {
    this.automations = [];
    this.waiting = [];
  }

  emit(trigger: 'on_create_or_write' | 'on_unlink', partner: FakePartner): void {
    for (const automation of this.automations) {
      if ((automation.trigger ?? 'on_create_or_write') !== trigger) continue;
      const body = JSON.stringify(payload(automation, partner));
      const copies = automation.copies ?? (partner.create_date === partner.write_date ? 11 : 2);
      for (let n = 0; n < copies; n += 1) this.waiting.push({ url: automation.url, id: partner.id, body });
      if (automation.automatic && !this.clock.manual) this.wake();
    }
  }

  /** Drops what is waiting: a worker that was restarted. */
  lose(): number {
    const lost = this.waiting.length;
    this.waiting = [];
    return lost;
  }

  deliver(): Promise<void> {
    this.sending = this.sending.then(async () => {
      const due = this.waiting;
      this.waiting = [];
      for (const { url, id, body } of due)
        this.attempts.push({ id, status: await statusOfPost({ url, body, timeoutMs: DELIVERY_TIMEOUT_MS }) });
    });
    return this.sending;
  }

  async close(): Promise<void> {
    this.removeAll();
    clearTimeout(this.timer);
    await this.sending;
  }

  private wake(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.deliver(), 0);
    this.timer.unref();
  }
}

/** Unlike the API, webhooks show write_date to the microsecond. */
function payload(
  { action, fields = ['write_date'] }: OdooAutomation & { action: number },
  partner: FakePartner,
) {
  return {
    _action: `push webhook(#${action})`,
    _id: partner.id,
    _model: 'res.partner',
    ...Object.fromEntries(fields.map((name) => [name, partner[name] ?? false])),
  };
}

const DELIVERY_TIMEOUT_MS = 1_000;
