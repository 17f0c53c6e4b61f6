import type { Ending } from './ending.js';

export const OVER_BUDGET: Ending = { by: 'itself', reason: 'has no time left' };

/** Time that several tasks share. Waiting for a process does not count, nor does its start. */
export class Budget {
  constructor(private leftMs: number) {}

  /** Calls when nothing is left, unless it is stopped before. */
  start(whenOver: () => void): { readonly isOver: boolean; stop(): void } {
    const since = performance.now();
    const limit = {
      isOver: false,
      stop: () => {
        clearTimeout(timer);
        this.leftMs -= performance.now() - since;
      },
    };
    const timer = setTimeout(
      () => {
        limit.isOver = true;
        whenOver();
      },
      Math.max(0, this.leftMs),
    );
    return limit;
  }
}
