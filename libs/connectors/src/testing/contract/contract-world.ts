import type { ConnectorContext } from '../../port/call-context.js';
import type { Connector } from '../../port/connector.js';
import type { Page, SourceRecord } from '../../port/records.js';
import type { WebhookDelivery } from '../../port/webhook.js';
import type { Fault } from '../faults.js';
import type { ContractAbilities, RetryAfterForm } from './abilities.js';
import { collect, lastOf, recordsOf } from './answers.js';

/**
 * A vendor's fake, in the words that all vendors share: a world for each test, of one account with nobody in it. Times are
 * in milliseconds. What has a `?` is left out where `abilities` says that the vendor has no such thing, or where it says so
 * itself; a test that needs it fails with a sentence.
 */
export interface ContractWorld {
  /** The stream that the tests read; a second `describeConnector` takes another. */
  readonly stream: string;
  /** What `check` has to answer. */
  readonly account: string;
  /** Texts that no error may quote: tokens, keys, passwords. */
  readonly secrets: readonly string[];
  /** Well-formed, and of no record. */
  readonly unknownId: string;

  /** For a connection that works: settings and secrets of this account, `now` by the fake's clock, a short timeout. */
  context(): ConnectorContext<unknown, unknown>;
  /** The same with one thing changed; changes that the abilities rule out are never asked for. */
  contextWith(change: ContextChange): ConnectorContext<unknown, unknown>;
  /** The fake's clock. It stands still until it is advanced. */
  now(): Date;
  /** Moves the fake's clock, and waits for what becomes due. */
  advance(ms: number): Promise<void>;

  /** A live record with this name, dated now. @returns its id */
  create(name: string): string;
  /** Many at once, under one date where the vendor can do that; default: `create`, again and again. */
  createMany?(count: number): string[];
  /** A commit that is dated now and seen only `ms` later (`lateCommits`). */
  createLate?(name: string, ms: number): string;
  /** Gives a live record another name, dated now. */
  change(id: string, name: string): void;
  /** Spoils what the API shows of a record. */
  poison(id: string, kind: Poison): void;
  /** What a person does who deletes or archives a record. */
  archive(id: string): void;
  /** The end of it, also for lists of the deleted (`erase`). */
  erase?(id: string): void;
  /** Takes back `archive` (`restore`). */
  restore?(id: string): void;
  /** @returns the id that survives (`merge`) */
  merge?(winner: string, loser: string): string;
  /** What `create` called it, as the connector gives it. */
  nameOf(record: SourceRecord): string | null;
  /** The account loses the field that `create` fills (`removeField`). */
  removeField?(): void;

  /** Spoils the next answer, or as many as it says: `FaultQueue` and `commitFault` do it. */
  fault(fault: Fault): void;
  /** From now on every request is one too many. */
  limit(kind: 'burst' | 'daily', retryAfter: RetryAfterForm): void;
  /** From now on the access token of `context()` is refused. */
  expireTokens(): void;
  /** From now on the refresh token is refused for ever (`oauth`). */
  revokeRefresh?(): void;
  /** From now on each refresh gives another refresh token, and takes the old one (`rotatingRefresh`). */
  rotateRefreshTokens?(): void;

  /** What the vendor really posts for this change, request by request, with the URL it was told. */
  deliveriesOf?(change: () => void): Promise<WebhookDelivery[]>;
  /** The same delivery from somebody who does not know the secret: without it, with another, with a shorter one. */
  forge?(delivery: WebhookDelivery, proof: 'missing' | 'wrong' | 'short'): WebhookDelivery;
  close(): Promise<void>;
}

/**
 * `wrong-token`: the text `wrong-token` as access token. `oauth`: with what `refreshAuth` needs. `rotated-webhook-secret`: a
 * new secret with the present one as the previous. `no-webhook-secret`: none at all. `public-network-only`: `network: {}`.
 */
export type ContextChange =
  | 'wrong-token'
  | 'oauth'
  | 'rotated-webhook-secret'
  | 'no-webhook-secret'
  | 'public-network-only';

/**
 * `no-id`: nothing says which record it is. `wrong-type`: a field that the connector relies on has another type.
 * `nul`, `megabyte`: a legal text that is no pleasure to store.
 */
export type Poison = 'no-id' | 'wrong-type' | 'nul' | 'megabyte';

/** One test's connector and world, and the questions that most tests ask. */
export interface ContractSubject {
  readonly connector: Connector;
  readonly world: ContractWorld;
  readonly abilities: ContractAbilities;
  createMany(count: number): string[];
  pagesFrom(cursor: unknown, context?: ConnectorContext<unknown, unknown>): Promise<Page<unknown>[]>;
  firstPage(context?: ConnectorContext<unknown, unknown>): Promise<Page<unknown>>;
  backfill(): Promise<unknown>;
  changesSince(cursor: unknown): Promise<SourceRecord[]>;
  fetched(...ids: string[]): ReturnType<Connector['fetchByIds']>;
}

/** `world` is asked for each time, because every test has its own. */
export function contractSubject(
  connector: Connector,
  world: () => ContractWorld,
  abilities: ContractAbilities,
): ContractSubject {
  const pagesFrom = (cursor: unknown, context = world().context()) =>
    collect(connector.read(context, world().stream, cursor));
  return {
    connector,
    abilities,
    get world() {
      return world();
    },
    createMany: (count) =>
      world().createMany?.(count) ?? Array.from({ length: count }, (_, n) => world().create(`record ${n}`)),
    pagesFrom,
    backfill: async () => lastOf(await pagesFrom(null)).next,
    changesSince: async (cursor) => recordsOf(await pagesFrom(cursor)),
    firstPage: async (context = world().context()) => {
      for await (const page of connector.read(context, world().stream, null)) return page;
      throw new Error('there was no page');
    },
    fetched: (...ids) => connector.fetchByIds(world().context(), world().stream, ids),
  };
}

/** A thing the abilities promise and the world does not have is a mistake of the world. */
export function provided<Ability>(ability: Ability | undefined): Ability {
  if (ability === undefined)
    throw new Error(
      'The abilities promise something that the world has no member for: add it, or say in the abilities that the vendor lacks it',
    );
  return ability;
}

export async function deliveriesOf(
  { world }: ContractSubject,
  change: () => void,
): Promise<WebhookDelivery[]> {
  return provided(world.deliveriesOf)(change);
}

/** The first of them: for what is the same in every delivery. */
export async function deliveryOf(subject: ContractSubject, change: () => void): Promise<WebhookDelivery> {
  return lastOf((await deliveriesOf(subject, change)).slice(0, 1));
}
