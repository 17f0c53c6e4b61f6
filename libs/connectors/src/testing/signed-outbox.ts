import { statusOfPost } from './post-webhook.js';

export interface SignedPost {
  readonly url: string;
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PostAttempt {
  readonly url: string;
  readonly status: number | 'unreachable';
  readonly attempt: number;
}

export interface OutboxRules {
  readonly now: () => number;
  readonly timeoutMs: number;
  /** When the next attempt comes after this many; undefined: never. */
  readonly retryAfter: (status: PostAttempt['status'], attempt: number) => number | undefined;
}

/** Posts what is due, one after the other, and tries again as the vendor does, on the fake's clock. */
export class SignedOutbox {
  readonly attempts: PostAttempt[] = [];
  private waiting: { post: SignedPost; attempt: number; dueAt: number }[] = [];
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly rules: OutboxRules) {}

  add(post: SignedPost): void {
    this.waiting.push({ post, attempt: 0, dueAt: this.rules.now() });
  }

  deliver(): Promise<void> {
    this.sending = this.sending.then(() => this.deliverDue());
    return this.sending;
  }

  async close(): Promise<void> {
    this.waiting = [];
    await this.sending;
  }

  private async deliverDue(): Promise<void> {
    const now = this.rules.now();
    const due = this.waiting.filter(({ dueAt }) => dueAt <= now);
    this.waiting = this.waiting.filter(({ dueAt }) => dueAt > now);
    for (const { post, attempt } of due) {
      const { url, rawBody: body, headers } = post;
      const status = await statusOfPost({ url, body, headers, timeoutMs: this.rules.timeoutMs });
      this.attempts.push({ url, status, attempt });
      const wait = this.rules.retryAfter(status, attempt);
      if (wait !== undefined) this.waiting.push({ post, attempt: attempt + 1, dueAt: now + wait });
    }
  }
}
