/** Counts calls to a vendor for everybody who makes them, in the store that the queue has. */
export interface CallLimiter {
  /**
   * Takes one call out of every window, or out of none.
   * @throws when the store does not answer
   */
  take(scope: string, windows: readonly CallWindow[]): Promise<TakenCall>;
  /**
   * How many calls each window has left now; takes none.
   * @throws when the store does not answer
   */
  left(scope: string, windows: readonly CallWindow[]): Promise<number[]>;
  /** Lets no call of the scope pass for so long: the vendor said so. A longer block stays. */
  block(scope: string, ms: number): Promise<void>;
}

/** At most `limit` calls in any `perMs` milliseconds: the window slides, as that of most vendors does. */
export interface CallWindow {
  readonly name: string;
  readonly limit: number;
  readonly perMs: number;
}

/** A call may pass now (0), or may be tried again after so many milliseconds. */
export interface TakenCall {
  readonly waitMs: number;
}
