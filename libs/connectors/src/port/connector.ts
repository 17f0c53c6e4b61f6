import type { z } from 'zod';
import type { MappingDocument } from '../mapping/mapping.schema.js';
import type { ConnectorContext, RateSpec } from './call-context.js';
import type { FetchedRecord, IdPage, Page } from './records.js';
import type { ConnectorWebhook } from './webhook.js';

/**
 * What every CRM looks like to the sync engine. A method either gives what it promises or throws a `ConnectorError`
 * (connector.errors.ts); it never sleeps and never tries again, since whoever called it decides that. Every request to
 * the vendor goes through `createHttpClient` of the ground floor, which counts it, bounds it and guards its address.
 * A `stream` that the descriptor does not name is a `ConfigError`. `describeConnector` holds all of this.
 */
export interface Connector<Config = unknown, Secrets = unknown, Cursor = unknown> {
  readonly descriptor: ConnectorDescriptor<Config, Secrets, Cursor>;

  /**
   * Proves that the credentials work and names the account they belong to. What works but is not enough (a scope that
   * is missing, a table that is hidden) is `ok: false` with a `detail` for a person.
   * @throws AuthExpired when the credentials are refused
   */
  check(context: ConnectorContext<Config, Secrets>): Promise<AccountCheck>;

  /**
   * The vendor's own list of fields, custom ones included, which a person reads who writes a mapping: at least one, each
   * named once. Where the vendor has no such list, it is written down in the connector.
   */
  discover(context: ConnectorContext<Config, Secrets>, stream: string): Promise<FieldDefinition[]>;

  /**
   * From `null` everything, from a cursor what was created or changed since. Each page carries the cursor to commit with
   * it; resuming from that cursor repeats records at worst and never skips one. The last page alone has `done: true`,
   * and its cursor is where the next incremental run starts, by the vendor's clock (`serverDate`), less what the vendor
   * shows late. Nothing to read is one page without records. Order does not matter.
   */
  read(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<Page<Cursor>>;

  /**
   * One entry for every id asked for, also for those that nobody knows (`gone`), in as many requests as the vendor's
   * batch limit wants. One record that cannot be read is `rejected` and takes no other with it.
   */
  fetchByIds(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    ids: readonly string[],
  ): Promise<Map<string, FetchedRecord>>;

  /**
   * Every live id, each once, cheaply: whoever is not listed is taken for deleted. Complete only when a page said `done`.
   * Absent: there are no sweeps. @throws InvalidResponse for a record whose id cannot be read, which would pass as deleted
   */
  listIds?(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<IdPage<Cursor>>;

  /** Records the vendor itself reports as archived or deleted, with `archived: true`. Absent: it reports none. */
  deletions?(
    context: ConnectorContext<Config, Secrets>,
    stream: string,
    from: Cursor | null,
  ): AsyncIterable<Page<Cursor>>;

  /** Absent, with `capabilities.webhook: 'none'`: the vendor tells nothing by itself. */
  readonly webhook?: ConnectorWebhook<Config, Secrets>;

  /**
   * Trades the refresh token for new secrets; the caller keeps them before it uses them. Absent: secrets do not end, or a
   * person renews them. @throws AuthExpired with `reauthorize` when the refresh token itself is refused
   */
  refreshAuth?(context: ConnectorContext<Config, Secrets>): Promise<RefreshedSecrets<Secrets>>;
}

export interface ConnectorDescriptor<Config, Secrets, Cursor> {
  /** The `kind` of its connections, the name of its folder and of its guide in `docs/`: lower case, digits, `-`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly version: string;
  /** What a person may set, in the open; `limits: rateSpecsSchema.optional()` lets an account have others. */
  readonly configSchema: z.ZodType<Config>;
  /** What a person gives in confidence; sealed at rest. */
  readonly secretsSchema: z.ZodType<Secrets>;
  /** Parses a stored cursor, which is JSON; a cursor it refuses was written by an incompatible version. */
  readonly cursorSchema: z.ZodType<Cursor>;
  /** What the credentials have to be allowed, for people. */
  readonly scopes: readonly string[];
  /** The tables of the CRM that can be mirrored, in the order in which they should be. */
  readonly tables: readonly TableDefinition[];
  readonly capabilities: ConnectorCapabilities;
}

export interface TableDefinition {
  readonly id: string;
  readonly label: string;
  /** Every expression of it has to be one that docs/expressions.md calls direct: it runs for every record. */
  readonly defaultMapping: MappingDocument;
}

export interface ConnectorCapabilities {
  /** How `read` from a cursor finds changes; after `day-granular` and `none`, what did not change comes again. */
  readonly incremental: 'keyset' | 'server-cursor' | 'day-granular' | 'none';
  /** How deletions are seen; `sweep` only by `listIds`. */
  readonly deletes: 'feed' | 'archived-list' | 'webhook-only' | 'sweep';
  /** Whether a merged record leads to the one that survived (`pointer`), a webhook says so (`event`), or nothing does. */
  readonly merges: 'event' | 'pointer' | 'none';
  /** What proves a delivery: its bytes, a shared secret, nothing at all. */
  readonly webhook: 'signed' | 'secret' | 'unsigned' | 'none';
  /** How many records one request of `fetchByIds` takes. */
  readonly batchRead: number;
  /** How many milliseconds after its date a change may become visible. */
  readonly lookbackMs: number;
  /** What the vendor allows an account; all of them hold at once. */
  readonly limits: readonly RateSpec[];
}

export interface AccountCheck {
  readonly ok: boolean;
  /** Kept with the connection: a webhook for another account is rejected. */
  readonly account: string;
  /** What the credentials are allowed, where the vendor says so. */
  readonly scopes?: readonly string[];
  /** What a person should know, above all when it is not `ok`. */
  readonly detail?: string;
}

export interface FieldDefinition {
  /** As a mapping writes it. */
  readonly name: string;
  /** As people see it in the CRM. */
  readonly label: string;
  /** In the vendor's own words. */
  readonly type: string;
  readonly description?: string;
  /** The values that a choice may have. */
  readonly options?: readonly string[];
  /** No two records have the same. */
  readonly unique?: boolean;
  /** The vendor makes it from other fields. */
  readonly calculated?: boolean;
}

export interface RefreshedSecrets<Secrets> {
  /** All of them, those that stayed as well. */
  readonly secrets: Secrets;
  /** Null: the vendor does not say. */
  readonly expiresAt: Date | null;
}
