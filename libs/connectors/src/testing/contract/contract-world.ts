import type { Connector, ConnectorContext, Page, SourceRecord, WebhookDelivery } from '../../connector.js';
import type { Fault } from '../faults.js';
import { collect, lastOf, recordsOf } from './answers.js';

/** A vendor's fake, in the words that all vendors share. */
export interface ContractWorld {
  readonly stream: string;
  readonly account: string;
  readonly secrets: readonly string[];
  context(): ConnectorContext<unknown, unknown>;
  contextWith(
    change: 'wrong-token' | 'oauth' | 'rotated-webhook-secret' | 'public-network-only',
  ): ConnectorContext<unknown, unknown>;
  now(): Date;
  create(name: string): string;
  createMany(count: number): string[];
  change(id: string, name: string): void;
  /** A commit that is dated now and seen only `ms` later. */
  createLate(name: string, ms: number): string;
  poison(id: string): void;
  archive(id: string): void;
  erase(id: string): void;
  restore(id: string): void;
  merge(winner: string, loser: string): string;
  advance(ms: number): Promise<void>;
  fault(fault: Fault): void;
  limit(kind: 'burst' | 'daily', retryAfter: 'none' | 'seconds' | 'date'): void;
  expireTokens(): void;
  revokeRefresh(): void;
  /** What the vendor really posts for this change, with the URL it signed. */
  deliveryOf(change: () => void): Promise<WebhookDelivery>;
  nameOf(record: SourceRecord): string | null;
  close(): Promise<void>;
}

/** One test's connector and world, and the questions that most tests ask. */
export interface ContractSubject {
  readonly connector: Connector;
  readonly world: ContractWorld;
  pagesFrom(cursor: unknown, context?: ConnectorContext<unknown, unknown>): Promise<Page<unknown>[]>;
  firstPage(context?: ConnectorContext<unknown, unknown>): Promise<Page<unknown>>;
  backfill(): Promise<unknown>;
  changesSince(cursor: unknown): Promise<SourceRecord[]>;
  fetched(...ids: string[]): ReturnType<Connector['fetchByIds']>;
}

/** `world` is asked for each time, because every test has its own. */
export function contractSubject(connector: Connector, world: () => ContractWorld): ContractSubject {
  const pagesFrom = (cursor: unknown, context = world().context()) =>
    collect(connector.read(context, world().stream, cursor));
  return {
    connector,
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
