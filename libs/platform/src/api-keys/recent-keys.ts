import type { Clock } from '../clock.js';
import type { ApiKey } from './api-key.js';

/** Short enough that a revoked key is felt at once, long enough to spare nearly every request its look-up. */
const FRESH_MS = 1_000;
const MAX_KEYS = 10_000;

/**
 * Keys that were looked up within the last second, by hash. Look-ups of one key at one time are one question to the
 * database. Unknown keys are not remembered: a key works from the moment it exists.
 */
export class RecentKeys {
  private readonly seen = new Map<string, { readonly key: ApiKey; readonly until: number }>();
  private readonly asking = new Map<string, Promise<ApiKey | undefined>>();

  constructor(
    private readonly clock: Clock,
    private readonly find: (hash: Buffer) => Promise<ApiKey | undefined>,
  ) {}

  get(hash: Buffer): ApiKey | Promise<ApiKey | undefined> {
    const name = hash.toString('latin1');
    const known = this.seen.get(name);
    if (known && known.until > this.clock.now().getTime()) return known.key;
    return this.asking.get(name) ?? this.ask(name, hash);
  }

  forgetAll(): void {
    this.seen.clear();
    this.asking.clear();
  }

  private ask(name: string, hash: Buffer): Promise<ApiKey | undefined> {
    // From before the question, so that the answer is never believed longer than it says.
    const until = this.clock.now().getTime() + FRESH_MS;
    const asked = this.find(hash)
      .then((key) => {
        if (this.asking.get(name) === asked) this.remember(name, key, until);
        return key;
      })
      .finally(() => {
        if (this.asking.get(name) === asked) this.asking.delete(name);
      });
    this.asking.set(name, asked);
    return asked;
  }

  private remember(name: string, key: ApiKey | undefined, until: number): void {
    if (this.seen.size >= MAX_KEYS) this.seen.clear();
    if (key) this.seen.set(name, { key, until });
    else this.seen.delete(name);
  }
}
