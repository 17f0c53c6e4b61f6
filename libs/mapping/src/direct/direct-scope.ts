import { leaveToJsonata } from './left-to-jsonata.js';

/**
 * The variables that are bound where an expression stands, each with its place among all of the whole expression.
 * Blocks are run from top to bottom, so that what is bound is known before anything runs.
 */
export class Scope {
  private readonly slots = new Map<unknown, number>();

  constructor(
    private readonly all = { count: 0 },
    private readonly outer?: Scope,
    private readonly closed = false,
  ) {}

  get size(): number {
    return this.all.count;
  }

  inner(): Scope {
    return new Scope(this.all, this, this.closed);
  }

  /**
   * What stands in a filter is run for every item. It has no variables: a list in one of them could be gone through
   * for every item of another list, and so on, for longer than anybody waits.
   */
  ofItems(): Scope {
    return new Scope(this.all, this, true);
  }

  declare(name: unknown): number {
    if (this.closed || typeof name !== 'string' || RESERVED.includes(name)) return leaveToJsonata();
    const slot = this.all.count++;
    this.slots.set(name, slot);
    return slot;
  }

  has(name: unknown): boolean {
    return this.slots.has(name) || (this.outer?.has(name) ?? false);
  }

  slotOf(name: unknown): number {
    if (this.closed) return leaveToJsonata();
    return this.slots.get(name) ?? this.outer?.slotOf(name) ?? leaveToJsonata();
  }
}

/** `$` is the context and `$$` the whole input. */
const RESERVED = ['', '$'];
