/** One thing that a client wanted done, with all its tries. Times are of one monotonic clock. */
export interface Operation {
  /** Its idempotency key, and the correlation id of whatever event it causes. */
  readonly id: string;
  readonly kind: 'create' | 'upsert' | 'modify' | 'properties' | 'delete' | 'job';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly tries: number;
  /** The longest that one of its tries went without an answer. */
  readonly longestMs: number;
  /**
   * `acknowledged`: done, once, and at this version where the answer says one. `refused`: by a rule, so not done.
   * `unknown`: nobody ever said; it is done once or not at all.
   */
  readonly outcome:
    | { readonly is: 'acknowledged'; readonly version?: number }
    | { readonly is: 'refused'; readonly status: number }
    | { readonly is: 'unknown' };
}

/** A file that was sent, in as many imports as it took. */
export interface SentFile {
  readonly rows: number;
  readonly keyPrefix: string;
  /** As the last look at each of them found it. */
  readonly imports: readonly ImportState[];
}

export interface ImportState {
  readonly id: string;
  readonly status: string;
  readonly rows: {
    readonly read: number;
    readonly created: number;
    readonly updated: number;
    readonly unchanged: number;
    readonly rejected: number;
  };
}

/** An event of the log, as far as a judge looks at it. */
export interface LoggedEvent {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** The operation, job or import that it comes from. */
  readonly cause: string | null;
  /** The key that it gives to an identity. */
  readonly key: string | null;
}
