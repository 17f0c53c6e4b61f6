import { z } from 'zod';

/** For whom a connector acts. It holds nothing between two calls: everything comes with the context. */
export interface ConnectorContext<Config, Secrets> {
  /** What `configSchema` made of a connection's settings. */
  readonly config: Config;
  readonly secrets: Secrets;
  readonly network: NetworkPolicy;
  /** Our clock, for waits alone: what happened in the CRM is by the vendor's. */
  readonly now: () => Date;
  /** Aborted: stop at once, with the signal's own error. */
  readonly signal?: AbortSignal;
  /** Absent: nobody counts. */
  readonly budget?: CallBudget;
}

/** The part of a context that every request to the vendor needs. */
export type CallContext = Pick<ConnectorContext<unknown, unknown>, 'network' | 'now' | 'signal' | 'budget'>;

/** The requests that a connection may make, shared by everybody who speaks for it. */
export interface CallBudget {
  /** Takes one request to `path` out of the budget. @throws RateLimited when none is left */
  take(path: string): Promise<void>;
}

/** Set by whoever runs the server, never by whoever adds a connection. */
export interface NetworkPolicy {
  /** Lets connectors reach loopback and private addresses, and plain http: tests, on-premise CRMs. */
  readonly allowPrivateNetwork?: boolean;
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
}

/** `path` narrows a limit to requests whose path contains it. */
export interface RateSpec {
  readonly requests: number;
  readonly perMs: number;
  readonly path?: string;
}

/** What a connection's settings may say as `limits`, when its account has others than the connector assumes. */
export const rateSpecsSchema = z
  .array(
    z.strictObject({
      requests: z.int().min(1),
      perMs: z.int().min(100).max(3_600_000),
      path: z.string().min(1).optional(),
    }),
  )
  .max(10);
