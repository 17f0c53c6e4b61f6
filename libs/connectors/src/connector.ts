import { z } from 'zod';
import type { MappingDocument } from './mapping/mapping.schema.js';

/** What every CRM looks like to the sync engine. Methods throw `ConnectorError`s and never sleep. */
export interface Connector<Config = unknown, Secrets = unknown, Cursor = unknown> {
  readonly manifest: ConnectorManifest<Config, Secrets, Cursor>;

  /** Proves that the credentials work and names the account they belong to. */
  check(context: ConnectorContext<Config, Secrets>): Promise<AccountCheck>;

  /** The vendor's own list of fields, for the mapping preview. */
  discover(context: ConnectorContext<Config, Secrets>, stream: string): Promise<FieldDefinition[]>;

  /**
   * From `null` everything, from a cursor what changed since. Each page carries the cursor to commit with it;
   * resuming from that cursor repeats records at worst and never skips one. The last page has `done: true`,
   * and its cursor is where the next incremental run starts, by the vendor's clock.
   */
  read(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<Page<Cursor>>;

  /** One entry for every id asked for, in as many requests as the vendor's batch limit wants. */
  fetchByIds(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    ids: readonly string[],
  ): Promise<Map<string, FetchedRecord>>;

  /** Every live id, cheaply: what a sweep compares with. Complete only when a page said `done`. */
  listIds?(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<IdPage<Cursor>>;

  /** Records the vendor itself reports as archived or deleted. */
  deletions?(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<Page<Cursor>>;

  readonly webhook?: ConnectorWebhook<Config, Secrets>;

  /** Trades the refresh token for new secrets; the caller keeps them before it uses them. */
  refreshAuth?(context: ConnectorContext<Config, Secrets>): Promise<RefreshedSecrets<Secrets>>;
}

export interface ConnectorManifest<Config, Secrets, Cursor> {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly configSchema: z.ZodType<Config>;
  readonly secretsSchema: z.ZodType<Secrets>;
  /** Parses a stored cursor; a cursor it refuses was written by an incompatible version. */
  readonly cursorSchema: z.ZodType<Cursor>;
  readonly scopes: readonly string[];
  readonly streams: readonly StreamDefinition[];
  readonly capabilities: ConnectorCapabilities;
}

export interface StreamDefinition {
  readonly id: string;
  readonly label: string;
  readonly defaultMapping: MappingDocument;
}

export interface ConnectorCapabilities {
  readonly incremental: 'keyset' | 'server-cursor' | 'day-granular' | 'none';
  readonly deletes: 'feed' | 'archived-list' | 'webhook-only' | 'sweep';
  readonly merges: 'event' | 'pointer' | 'none';
  readonly webhook: 'signed' | 'secret' | 'unsigned' | 'none';
  readonly batchRead: number;
  readonly lookbackMs: number;
  readonly limits: readonly RateSpec[];
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

export interface ConnectorContext<Config, Secrets> {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly network: NetworkPolicy;
  readonly now: () => Date;
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

export interface AccountCheck {
  readonly ok: boolean;
  /** Kept with the connection: a webhook for another account is refused. */
  readonly account: string;
  readonly scopes?: readonly string[];
  readonly detail?: string;
}

export interface FieldDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly description?: string;
  readonly options?: readonly string[];
  readonly unique?: boolean;
  readonly calculated?: boolean;
}

export interface SourceRecord {
  readonly stream: string;
  readonly id: string;
  readonly updatedAt: string | null;
  readonly archived?: boolean;
  /** Ids that ended in this record by a merge: their links belong here now. */
  readonly mergedIds?: readonly string[];
  /** What the mapping sees. */
  readonly raw: unknown;
}

/** A record that could not be read; its neighbours on the page are not affected. */
export interface RejectedRecord {
  readonly id: string | null;
  readonly code: 'INVALID_RECORD' | 'INVALID_UTF8';
  readonly reason: string;
  readonly raw: unknown;
}

export interface Page<Cursor> {
  readonly records: readonly SourceRecord[];
  readonly rejected: readonly RejectedRecord[];
  readonly next: Cursor;
  readonly done: boolean;
  readonly serverDate: Date | null;
  /** How many records the whole listing has, where the vendor says so: for estimates only. */
  readonly total?: number;
}

export interface IdPage<Cursor> {
  readonly ids: readonly string[];
  readonly next: Cursor;
  readonly done: boolean;
  readonly serverDate: Date | null;
}

export type FetchedRecord =
  | { readonly status: 'found'; readonly record: SourceRecord }
  | { readonly status: 'gone' }
  | { readonly status: 'merged'; readonly mergedInto: string; readonly record: SourceRecord | null }
  | { readonly status: 'rejected'; readonly rejected: RejectedRecord };

export interface RefreshedSecrets<Secrets> {
  readonly secrets: Secrets;
  readonly expiresAt: Date | null;
}

export interface ConnectorWebhook<Config, Secrets> {
  /** Pure: raw bytes, headers, the URL the vendor was told, and the time. */
  verify(
    delivery: WebhookDelivery,
    credentials: { readonly config: Config; readonly secrets: Secrets },
    now: Date,
  ): VerifyResult;

  /** Throws `InvalidDelivery` when the body as a whole is not the vendor's; one bad event only rejects itself. */
  parse(delivery: WebhookDelivery): ParsedDelivery;

  /** What the vendor wants to read in the answer; absent: any 2xx will do. */
  readonly acknowledgement?: { readonly contentType: string; readonly body: string };
}

export interface WebhookDelivery {
  readonly method: string;
  /** The public URL as the vendor knows it, from configuration: `Host` can be forged, proxies rewrite it. */
  readonly url: string;
  /** What the path has behind the connection's id, without the slash between: an event's name, a secret, or nothing. */
  readonly tail: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
}

export type VerifyResult =
  | { readonly ok: true; readonly scheme: string }
  | { readonly ok: false; readonly reason: VerifyFailure };

export type VerifyFailure = 'no_secret' | 'missing_signature' | 'stale_timestamp' | 'bad_signature';

export interface ParsedDelivery {
  readonly signals: readonly Signal[];
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** Something happened to a record; what the record is now has to be fetched. */
export interface Signal {
  readonly stream: string;
  readonly id: string;
  readonly kind: 'upsert' | 'delete' | 'merge' | 'restore';
  readonly mergedInto?: string;
  /** A privacy deletion: what is held about the record has to be erased, not only tombstoned. */
  readonly erase?: boolean;
  readonly occurredAt: string | null;
  readonly dedupKey: string;
  /** Null: the vendor names no account, so that the secret alone vouches for it. */
  readonly account: string | null;
  readonly origin?: string;
}
