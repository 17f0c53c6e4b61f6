import type { ConnectorContext } from '../../port/call-context.js';
import type { Connector } from '../../port/connector.js';
import type { Page, SourceRecord } from '../../port/records.js';
import type { WebhookDelivery } from '../../port/webhook.js';
import type { Fault } from '../faults.js';
import type { ContractAbilities, RetryAfterForm } from './abilities.js';
import { collect, lastOf, recordsOf } from './answers.js';

/** A vendor's fake, in the words that all vendors share. */
export interface ContractWorld {
  readonly stream: string;
  readonly account: string;
  readonly secrets: readonly string[];
  /** Well-formed, and of no record. */
  readonly unknownId: string;
  context(): ConnectorContext<unknown, unknown>;
  contextWith(change: ContextChange): ConnectorContext<unknown, unknown>;
  now(): Date;
  create(name: string): string;
  createMany(count: number): string[];
  change(id: string, name: string): void;
  /** A commit that is dated now and seen only `ms` later. */
  createLate(name: string, ms: number): string;
  poison(id: string, kind: Poison): void;
  /** What a person does who deletes or archives a record. */
  archive(id: string): void;
  erase?(id: string): void;
  restore?(id: string): void;
  /** @returns the id that survives */
  merge?(winner: string, loser: string): string;
  /** The account loses the field that `create` fills. */
  removeField?(): void;
  advance(ms: number): Promise<void>;
  fault(fault: Fault): void;
  /** From now on every request is one too many. */
  limit(kind: 'burst' | 'daily', retryAfter: RetryAfterForm): void;
  expireTokens(): void;
  revokeRefresh?(): void;
  rotateRefreshTokens?(): void;
  /** What the vendor really posts for this change, request by request, with the URL it was told. */
  deliveriesOf?(change: () => void): Promise<WebhookDelivery[]>;
  /** The same delivery from somebody who does not know the secret: without it, with another, with a shorter one. */
  forge?(delivery: WebhookDelivery, proof: 'missing' | 'wrong' | 'short'): WebhookDelivery;
  nameOf(record: SourceRecord): string | null;
  close(): Promise<void>;
}

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
  if (ability === undefined) throw new Error('this world promises an ability that it does not have');
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
