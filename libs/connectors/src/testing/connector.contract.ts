import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuthExpired,
  ConfigError,
  ConnectorError,
  InvalidResponse,
  RateLimited,
  Transient,
} from '../connector.errors.js';
import type {
  Connector,
  ConnectorContext,
  FetchedRecord,
  Page,
  Signal,
  SourceRecord,
  WebhookDelivery,
} from '../connector.js';
import type { Fault } from './faults.js';

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

/** What every connector owes the sync engine, held against the vendor's fake. */
export function describeConnector(connector: Connector, startWorld: () => Promise<ContractWorld>): void {
  let world: ContractWorld;
  const { manifest } = connector;

  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  const pagesFrom = (cursor: unknown, context = world.context()) =>
    collect(connector.read(context, world.stream, cursor));
  const backfill = async () => lastOf(await pagesFrom(null)).next;
  const changesSince = async (cursor: unknown) => recordsOf(await pagesFrom(cursor));
  const firstPage = async (context = world.context()) => {
    for await (const page of connector.read(context, world.stream, null)) return page;
    throw new Error('there was no page');
  };
  const fetched = async (...ids: string[]) => connector.fetchByIds(world.context(), world.stream, ids);

  describe('account and fields', () => {
    it('names the account that the credentials belong to', async () => {
      expect(await connector.check(world.context())).toMatchObject({ ok: true, account: world.account });
    });

    it('calls a wrong token expired credentials, and does not repeat it', async () => {
      const error = await failureOf(connector.check(world.contextWith('wrong-token')));
      expect(error).toBeInstanceOf(AuthExpired);
      expectNoSecret(error, [...world.secrets, 'wrong-token']);
    });

    it('discovers the fields of a stream', async () => {
      const fields = await connector.discover(world.context(), world.stream);
      expect(fields.length).toBeGreaterThan(3);
      expect(fields.every(({ name, type }) => name !== '' && type !== '')).toBe(true);
    });

    it('refuses a stream it does not have', async () => {
      const error = await failureOf(async () => connector.discover(world.context(), 'no-such-stream'));
      expect(error).toBeInstanceOf(ConfigError);
    });

    it('refuses a private address unless the operator allows it', async () => {
      const error = await failureOf(connector.check(world.contextWith('public-network-only')));
      expect(error).toBeInstanceOf(ConfigError);
    });
  });

  describe('backfill', () => {
    it('reads every record once, in pages, and says when it is done', async () => {
      const ids = world.createMany(250);
      const pages = await pagesFrom(null);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.map(({ done }) => done)).toEqual([...pages.slice(1).map(() => false), true]);
      expect(idsOf(recordsOf(pages)).sort()).toEqual(ids.sort());
    });

    it('reads an empty account as one page without records', async () => {
      const pages = await pagesFrom(null);
      expect(pages).toHaveLength(1);
      expect(pages[0]).toMatchObject({ records: [], rejected: [], done: true });
    });

    it('continues from the cursor of any page, as it was stored', async () => {
      world.createMany(250);
      const pages = await pagesFrom(null);
      for (const [index, { next, done }] of pages.entries()) {
        if (done) continue;
        const rest = await pagesFrom(manifest.cursorSchema.parse(JSON.parse(JSON.stringify(next))));
        expect(idsOf(recordsOf(rest))).toEqual(idsOf(recordsOf(pages.slice(index + 1))));
      }
    });

    it('keeps a change that happens behind its back for the next run', async () => {
      const [first = ''] = world.createMany(250);
      const pages: Page<unknown>[] = [];
      for await (const page of connector.read(world.context(), world.stream, null)) {
        if (pages.length === 0) world.change(first, 'changed during the backfill');
        pages.push(page);
        await world.advance(1_000);
      }
      await world.advance(60_000);
      const changes = await changesSince(lastOf(pages).next);
      expect(changes.filter(({ id }) => id === first).map((record) => world.nameOf(record))).toEqual([
        'changed during the backfill',
      ]);
    });
  });

  describe('incremental', () => {
    it('reads what was created and changed, and its cursor carries on', async () => {
      const old = world.create('old');
      await world.advance(3_600_000);
      const cursor = await backfill();
      await world.advance(60_000);
      const fresh = world.create('new');
      world.change(old, 'old, changed');
      await world.advance(60_000);
      const pages = await pagesFrom(cursor);
      expect(idsOf(recordsOf(pages)).sort()).toEqual([old, fresh].sort());
      await world.advance(3_600_000);
      expect(await changesSince(await afterwards(lastOf(pages).next))).toEqual([]);
    });

    it('loses nothing when hundreds of records share one timestamp across its pages', async () => {
      const cursor = await backfill();
      await world.advance(60_000);
      const ids = world.createMany(650);
      await world.advance(60_000);
      expect(idsOf(await changesSince(cursor)).sort()).toEqual(ids.sort());
    });

    it('continues in the middle of a pass', async () => {
      const cursor = await backfill();
      await world.advance(60_000);
      const ids = world.createMany(650);
      await world.advance(60_000);
      const [first, ...others] = await pagesFrom(cursor);
      const again = await pagesFrom(manifest.cursorSchema.parse(JSON.parse(JSON.stringify(first?.next))));
      expect(idsOf(recordsOf(again))).toEqual(idsOf(recordsOf(others)));
      expect(first?.records.length).toBeLessThan(ids.length);
    });

    it('finds a record that became visible after the cursor had passed its date', async () => {
      const cursor = await backfill();
      await world.advance(60_000);
      const late = world.createLate('late', 90_000);
      world.create('in time');
      await world.advance(60_000);
      const pages = await pagesFrom(cursor);
      expect(idsOf(recordsOf(pages))).not.toContain(late);
      await world.advance(60_000);
      expect(idsOf(await changesSince(lastOf(pages).next))).toContain(late);
    });

    it.each([-600_000, 600_000])('does not depend on our own clock, off by %d ms', async (skew) => {
      const context = { ...world.context(), now: () => new Date(world.now().getTime() + skew) };
      const cursor = lastOf(await pagesFrom(null, context)).next;
      await world.advance(1_000);
      const id = world.create('created right behind the cursor');
      await world.advance(60_000);
      expect(idsOf(recordsOf(await pagesFrom(cursor, context)))).toContain(id);
    });
  });

  describe('single records', () => {
    it('fetches more ids than one request takes, and each has an answer', async () => {
      const ids = world.createMany(manifest.capabilities.batchRead + 20);
      const found = await fetched(...ids, '999999999');
      expect([...found.keys()].sort()).toEqual([...ids, '999999999'].sort());
      expect(found.get('999999999')).toEqual({ status: 'gone' });
      expect(ids.every((id) => found.get(id)?.status === 'found')).toBe(true);
    });

    it('says that an archived record is gone, lists it, and knows it again when it is restored', async () => {
      const kept = world.create('kept');
      const id = world.create('archived');
      world.archive(id);
      expect(statusOf(await fetched(id, kept), id)).toBe('gone');
      if (connector.deletions) {
        const listed = recordsOf(await collect(connector.deletions(world.context(), world.stream, null)));
        expect(listed.map((record) => [record.id, record.archived])).toEqual([[id, true]]);
      }
      world.restore(id);
      expect(statusOf(await fetched(id), id)).toBe('found');
    });

    it('says that an erased record is gone, and a sweep no longer lists it', async () => {
      const kept = world.create('kept');
      const erased = world.create('erased');
      world.erase(erased);
      expect(statusOf(await fetched(erased), erased)).toBe('gone');
      if (!connector.listIds) return;
      const pages = await collect(connector.listIds(world.context(), world.stream, null));
      expect(pages.flatMap(({ ids }) => ids)).toEqual([kept]);
      expect(lastOf(pages).done).toBe(true);
    });

    it('leads from a record that was merged away to the one that survived', async () => {
      if (manifest.capabilities.merges === 'none') return;
      const cursor = await backfill();
      const [a, b] = [world.create('a'), world.create('b')];
      const winner = world.merge(a, b);
      await world.advance(60_000);
      const losers = [a, b].filter((id) => id !== winner);
      const found = await fetched(...losers);
      for (const id of losers) expect(found.get(id)).toMatchObject({ status: 'merged', mergedInto: winner });
      const record = (await changesSince(cursor)).find(({ id }) => id === winner);
      expect([...(record?.mergedIds ?? [])].sort()).toEqual(losers.sort());
    });
  });

  describe('refusals', () => {
    it.each(['none', 'seconds', 'date'] as const)(
      'reports a burst limit with Retry-After: %s',
      async (form) => {
        world.limit('burst', form);
        const error = await failureOf(firstPage());
        expect(error).toBeInstanceOf(RateLimited);
        const { scope, retryAt } = error as RateLimited;
        const wait = retryAt.getTime() - world.now().getTime();
        expect(scope).toBe('burst');
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(60_000);
      },
    );

    it('counts a Retry-After date by the clock of the server that named it', async () => {
      world.limit('burst', 'date');
      const ours = new Date(world.now().getTime() - 600_000);
      const error = await failureOf(firstPage({ ...world.context(), now: () => ours }));
      expect((error as RateLimited).retryAt.getTime() - ours.getTime()).toBeLessThanOrEqual(60_000);
    });

    it('tells a daily quota from a burst', async () => {
      world.limit('daily', 'none');
      const error = await failureOf(firstPage());
      expect(error).toMatchObject({ code: 'RATE_LIMITED', scope: 'daily' });
    });

    it('reports expired credentials, and goes on with refreshed ones', async () => {
      world.create('one');
      const context = world.contextWith('oauth');
      world.expireTokens();
      expect(await failureOf(firstPage(world.context()))).toMatchObject({
        code: 'AUTH_EXPIRED',
        reauthorize: false,
      });
      if (!connector.refreshAuth) return;
      const { secrets, expiresAt } = await connector.refreshAuth(context);
      expect(
        (await firstPage({ ...context, secrets: manifest.secretsSchema.parse(secrets) })).records,
      ).toHaveLength(1);
      expect(expiresAt?.getTime()).toBeGreaterThan(world.now().getTime());
    });

    it('asks for a person when the refresh token is refused', async () => {
      if (!connector.refreshAuth) return;
      const context = world.contextWith('oauth');
      world.revokeRefresh();
      const error = await failureOf(connector.refreshAuth(context));
      expect(error).toMatchObject({ code: 'AUTH_EXPIRED', reauthorize: true });
      expectNoSecret(error, world.secrets);
    });

    it.each<[string, Fault, new (...args: never[]) => ConnectorError]>([
      ['a server error', { kind: 'status', status: 500 }, Transient],
      ['a gateway page', { kind: 'status', status: 502 }, Transient],
      ['a cut connection', { kind: 'cut' }, Transient],
      ['an answer that never comes', { kind: 'hang' }, Transient],
      ['HTML with 200', { kind: 'html' }, InvalidResponse],
      ['truncated JSON', { kind: 'truncated' }, InvalidResponse],
      ['an endless body', { kind: 'endless' }, InvalidResponse],
      ['JSON of another shape', { kind: 'raw', body: '{"hello":"world"}' }, InvalidResponse],
      ['JSON null', { kind: 'raw', body: 'null' }, InvalidResponse],
      [
        'a redirect to a private address',
        { kind: 'redirect', location: 'http://169.254.169.254/' },
        InvalidResponse,
      ],
      ['a lack of permission', { kind: 'status', status: 403 }, ConfigError],
    ])('reports %s, and the same page is fine afterwards', async (_name, fault, kind) => {
      world.create('one');
      world.fault(fault);
      const error = await failureOf(firstPage());
      expect(error).toBeInstanceOf(kind);
      expectNoSecret(error, world.secrets);
      expect((await firstPage()).records).toHaveLength(1);
    });

    it('stops when it is told to', async () => {
      world.create('one');
      const error = await failureOf(firstPage({ ...world.context(), signal: AbortSignal.abort() }));
      expect(error).not.toBeInstanceOf(ConnectorError);
      expect(error.name).toBe('AbortError');
    });

    it('rejects a poison record and keeps its neighbours', async () => {
      const good = world.create('good');
      const bad = world.create('bad');
      world.poison(bad);
      const page = await firstPage();
      expect(idsOf(page.records)).toEqual([good]);
      expect(page.rejected).toHaveLength(1);
      expect(page.rejected[0]).toMatchObject({ code: 'INVALID_RECORD' });
    });
  });

  if (manifest.capabilities.webhook === 'signed') {
    describe('webhook', () => {
      const verify = (delivery: WebhookDelivery, context = world.context(), now = world.now()) =>
        connector.webhook?.verify(delivery, context, now);
      const signalsOf = (delivery: WebhookDelivery): readonly Signal[] =>
        connector.webhook?.parse(delivery.rawBody).signals ?? [];

      it('accepts what the vendor sent and reads signals for this account from it', async () => {
        const id = world.create('one');
        const delivery = await world.deliveryOf(() => world.change(id, 'changed'));
        expect(verify(delivery)).toMatchObject({ ok: true });
        const signals = signalsOf(delivery);
        expect(signals[0]).toMatchObject({
          stream: world.stream,
          id,
          kind: 'upsert',
          account: world.account,
        });
      });

      it('refuses a body that differs in one byte, even one that means the same', async () => {
        const delivery = await world.deliveryOf(() => world.create('one'));
        const rawBody = Buffer.concat([delivery.rawBody, Buffer.from(' ')]);
        expect(verify({ ...delivery, rawBody })).toEqual({ ok: false, reason: 'bad_signature' });
      });

      it('refuses an old delivery and one from the future', async () => {
        const delivery = await world.deliveryOf(() => world.create('one'));
        for (const skew of [-301_000, 301_000]) {
          const now = new Date(world.now().getTime() + skew);
          expect(verify(delivery, world.context(), now)).toEqual({ ok: false, reason: 'stale_timestamp' });
        }
      });

      it('refuses a delivery without a signature, with another length, or for another URL', async () => {
        const delivery = await world.deliveryOf(() => world.create('one'));
        expect(verify({ ...delivery, headers: {} })).toEqual({ ok: false, reason: 'missing_signature' });
        const short = Object.fromEntries(
          Object.keys(delivery.headers).map((name) => [name, delivery.headers[name]]),
        );
        for (const name of Object.keys(short))
          if (/signature/.test(name) && !/version/.test(name)) short[name] = 'short';
        expect(verify({ ...delivery, headers: short })).toEqual({ ok: false, reason: 'bad_signature' });
        expect(verify({ ...delivery, url: `${delivery.url}/elsewhere` })).toMatchObject({ ok: false });
      });

      it('accepts the previous secret while it is being rotated', async () => {
        const delivery = await world.deliveryOf(() => world.create('one'));
        expect(verify(delivery, world.contextWith('rotated-webhook-secret'))).toMatchObject({ ok: true });
      });

      it('gives each event one key, the same when it comes again', async () => {
        const delivery = await world.deliveryOf(() => {
          const [a, b] = [world.create('a'), world.create('b')];
          world.merge(a, b);
        });
        const keys = signalsOf(delivery).map(({ dedupKey }) => dedupKey);
        expect(new Set(keys).size).toBe(keys.length);
        expect(signalsOf(delivery).map(({ dedupKey }) => dedupKey)).toEqual(keys);
      });

      it('tells deletion, erasure, restoration and merge apart', async () => {
        const [gone, erased, a, b] = [
          world.create('1'),
          world.create('2'),
          world.create('3'),
          world.create('4'),
        ];
        let winner = '';
        const delivery = await world.deliveryOf(() => {
          world.archive(gone);
          world.restore(gone);
          world.erase(erased);
          winner = world.merge(a, b);
        });
        const said = signalsOf(delivery).map(({ id, kind, mergedInto, erase }) => ({
          id,
          kind,
          mergedInto,
          erase,
        }));
        expect(said).toContainEqual({ id: gone, kind: 'delete', mergedInto: undefined, erase: undefined });
        expect(said).toContainEqual({ id: gone, kind: 'restore', mergedInto: undefined, erase: undefined });
        expect(said).toContainEqual({ id: erased, kind: 'delete', mergedInto: undefined, erase: true });
        for (const id of [a, b].filter((one) => one !== winner))
          expect(said).toContainEqual({ id, kind: 'merge', mergedInto: winner, erase: undefined });
      });

      it('refuses a body that is not the vendor’s', () => {
        for (const body of ['', 'hello', '{}', 'null'])
          expect(() => connector.webhook?.parse(Buffer.from(body))).toThrow(
            expect.objectContaining({ code: 'INVALID_DELIVERY' }),
          );
      });
    });
  }

  /** One run more: what lies inside the lookback may come again, later nothing does. */
  async function afterwards(cursor: unknown): Promise<unknown> {
    return lastOf(await pagesFrom(cursor)).next;
  }
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

function lastOf<Item>(items: readonly Item[]): Item {
  const last = items.at(-1);
  if (last === undefined) throw new Error('there was no page');
  return last;
}

function recordsOf(pages: readonly Page<unknown>[]): SourceRecord[] {
  return pages.flatMap(({ records }) => [...records]);
}

function idsOf(records: readonly SourceRecord[]): string[] {
  return records.map(({ id }) => id);
}

function statusOf(found: Map<string, FetchedRecord>, id: string): string | undefined {
  return found.get(id)?.status;
}

async function failureOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<Error> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    // Not `instanceof`: jest runs specs in a realm of their own, and node's errors come from another.
    return error as Error;
  }
  throw new Error('it did not fail');
}

function expectNoSecret(error: Error, secrets: readonly string[]): void {
  const said = [error.message, error.stack, String(error.cause)].join('\n');
  for (const secret of secrets) expect(said).not.toContain(secret);
}
