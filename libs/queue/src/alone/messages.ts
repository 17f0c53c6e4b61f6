/** What the worker and the process that runs one job alone say to each other, over the channel of `fork`. */
export type ToCell =
  | { readonly kind: 'setup'; readonly setup: unknown; readonly beatMs: number }
  | { readonly kind: 'run'; readonly job: SuspectJob }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: SaidError };

export type FromCell =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: SaidError };

/** What the process cannot do by itself. */
export type Question =
  | { readonly about: 'order'; readonly work: string; readonly ids: readonly string[] }
  | { readonly about: 'add'; readonly queue: string; readonly jobs: unknown }
  | {
      readonly about: 'calls';
      readonly method: 'take' | 'left' | 'block';
      readonly args: readonly unknown[];
    };

/** A job that was started before and never ended. */
export interface SuspectJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly timestamp: number;
  readonly attemptsMade: number;
  readonly priority: number;
}

/** An error as far as a verdict on it depends on it. */
export interface SaidError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly databaseUnavailable: boolean;
  readonly stack?: string;
}
