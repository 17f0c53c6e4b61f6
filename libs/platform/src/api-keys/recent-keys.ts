import type { MonotonicClock } from '../clock.js';
import { DatabaseUnavailableError } from '../database/database.errors.js';
import { databaseLimits } from '../database/database-limits.js';
import type { ApiKey } from './api-key.js';

/** Short enough that a revoked key is felt at once, long enough to spare nearly every request its look-up. */
const FRESH_MS = 1_000;

const MAX_KEYS = 10_000;

/**
 * Keys that were looked up within the last second, by hash. Requests of one key share a look-up for that second; one
 * that is asked still after it gets company by a new one, on another connection. Unknown keys are not remembered: a key
 * works from the moment it exists.
 */
export class RecentKeys {
  private readonly seen = new Map<string, { readonly key: ApiKey; readonly until: number }>();
  private readonly asking = new Map<string, LookUp>();

  constructor(
    private readonly clock: MonotonicClock,
    private readonly find: (hash: Buffer) => Promise<ApiKey | undefined>,
  ) {}

  /** @throws DatabaseUnavailableError when no answer comes in time */
  get(hash: Buffer): ApiKey | Promise<ApiKey | undefined> {
    const name = hash.toString('latin1');
    const now = this.clock.monotonic();
    const known = this.seen.get(name);
    if (known && known.until > now) return known.key;
    const asked = this.asking.get(name);
    return asked && asked.until > now ? asked.answer : this.ask(name, hash, now);
  }

  forgetAll(): void {
    this.seen.clear();
    this.asking.clear();
  }

  /** An answer that another look-up has overtaken serves only who waited for it. */
  private ask(name: string, hash: Buffer, now: number): Promise<ApiKey | undefined> {
    // From before the question, so that the answer is never believed longer than it says.
    const until = now + FRESH_MS;
    const isCurrent = () => this.asking.get(name) === lookUp;
    const answer = inTime(this.find(hash))
      .then((key) => {
        if (isCurrent()) this.remember(name, key, until);
        return key;
      })
      .finally(() => {
        if (isCurrent()) this.asking.delete(name);
      });
    const lookUp: LookUp = { answer, until };
    this.asking.set(name, lookUp);
    return answer;
  }

  private remember(name: string, key: ApiKey | undefined, until: number): void {
    if (this.seen.size >= MAX_KEYS) this.seen.clear();
    if (key) this.seen.set(name, { key, until });
    else this.seen.delete(name);
  }
}

interface LookUp {
  readonly answer: Promise<ApiKey | undefined>;
  /** Who comes later asks anew. */
  readonly until: number;
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const cause = new Error(`a key was not looked up within ${databaseLimits.keyLookUp} ms`);
    timer = setTimeout(() => reject(new DatabaseUnavailableError({ cause })), databaseLimits.keyLookUp);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
