import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectorContext } from '../port/call-context.js';
import { ConfigError } from '../port/connector.errors.js';
import {
  type FakeReply,
  type FakeRequest,
  type FakeServer,
  startFakeServer,
} from '../testing/fake-server.js';
import { connectorFromManifest, type DeclarativeConnector } from './declarative.connector.js';
import type { ManifestDocument } from './manifest.schema.js';

const NOW = new Date('2026-09-01T10:00:00Z');

/** What the shipped manifests do not use. */
describe('a connector by manifest', () => {
  let server: FakeServer;
  const requests: FakeRequest[] = [];
  afterEach(() => server.close());

  const serve = async (answer: (request: FakeRequest) => FakeReply): Promise<void> => {
    requests.length = 0;
    server = await startFakeServer(async (request) => {
      requests.push(request);
      const reply = answer(request);
      return { ...reply, headers: { date: NOW.toUTCString(), ...reply.headers } };
    });
  };
  const contextOf = (
    connector: DeclarativeConnector,
    secrets: Record<string, unknown> = {},
  ): ConnectorContext<Record<string, unknown>, Record<string, unknown>> => ({
    config: { ...connector.descriptor.configSchema.parse({ baseUrl: `${server.url}/base` }) },
    secrets,
    network: { allowPrivateNetwork: true, timeoutMs: 2_000 },
    now: () => NOW,
  });
  const idsBy = async (connector: DeclarativeConnector, cursor: unknown = null): Promise<string[]> => {
    const ids: string[] = [];
    const from = cursor === null ? null : connector.descriptor.cursorSchema.parse(cursor);
    for await (const page of connector.read(contextOf(connector), 'people', from))
      ids.push(...page.records.map(({ id }) => id));
    return ids;
  };

  it.each<[string, Partial<List> & Pick<List, 'paginate'>, (all: Person[], request: FakeRequest) => unknown]>(
    [
      [
        'offsets and a total',
        { query: { offset: '{{page.offset}}' }, paginate: { type: 'offset', size: 3, total: 'count' } },
        (all, { query }) => ({
          people: all.slice(num(query, 'offset'), num(query, 'offset') + 3),
          count: all.length,
        }),
      ],
      [
        'offsets without a total',
        { query: { offset: '{{page.offset}}' }, paginate: { type: 'offset', size: 3 } },
        (all, { query }) => ({ people: all.slice(num(query, 'offset'), num(query, 'offset') + 3) }),
      ],
      [
        'numbers from nought',
        { query: { page: '{{page.number}}' }, paginate: { type: 'page', size: 3, start: 0 } },
        (all, { query }) => ({ people: all.slice(num(query, 'page') * 3, num(query, 'page') * 3 + 3) }),
      ],
      [
        'links, which may name another host',
        { query: { first: true }, paginate: { type: 'link', size: 3, next: 'links.next' } },
        (all, { query }) => {
          const from = num(query, 'from');
          const next =
            from + 3 < all.length ? `https://elsewhere.example/base/people?from=${from + 3}` : null;
          return { people: all.slice(from, from + 3), links: { next } };
        },
      ],
      [
        'a keyset of two fields in the body',
        {
          method: 'POST',
          body: { after: { id: '{{page.after.id}}', rank: '{{page.after.at.rank}}' } },
          paginate: { type: 'keyset', size: 3, fields: ['at.rank', 'id'] },
        },
        (all, { body }) => {
          const { after } = JSON.parse(body.toString()) as { after: { id?: string; rank?: number } };
          const rest = all.filter(
            ({ id, at }) =>
              after.id === undefined ||
              at.rank > (after.rank ?? 0) ||
              (at.rank === after.rank && id > after.id),
          );
          return { people: rest.slice(0, 3) };
        },
      ],
    ],
  )('reads everything once by %s, however much there is', async (_name, list, answer) => {
    let all: Person[] = [];
    await serve((request) => ({ status: 200, json: answer(all, request) }));
    const connector = connectorFromManifest(
      manifest({ list: { path: '/people', records: 'people', ...list } }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 13 }), async (count) => {
        all = people(count);
        expect(await idsBy(connector)).toEqual(all.map(({ id }) => id));
      }),
      { numRuns: 14 },
    );
    expect(requests.every(({ path }) => path === '/base/people')).toBe(true);
  });

  it('does not turn in a circle when the vendor does', async () => {
    await serve(() => ({ status: 200, json: { people: people(3), next: 'same' } }));
    const paginate = { type: 'token', size: 3, next: 'next' } as const;
    const connector = connectorFromManifest(
      manifest({ list: { path: '/people', records: 'people', paginate } }),
    );
    await expect(idsBy(connector)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  it('asks for the end of a window from the second page on, and starts there the next time', async () => {
    const all = people(5);
    await serve(({ query }) => ({
      status: 200,
      json: { people: all.filter(({ id }) => id > (query.get('after') ?? '')).slice(0, 3) },
    }));
    const list: List = {
      path: '/people',
      records: 'people',
      paginate: { type: 'keyset', size: 3, fields: ['id'] },
    };
    const query = { after: '{{page.after.id}}', from: '{{cursor.from}}', to: '{{cursor.to}}' };
    const connector = connectorFromManifest(
      manifest({
        list,
        incremental: { ...list, query },
        cursor: { format: 'iso_s', granularity: 'second', lookback: 'PT1M', upper: 'PT30S' },
      }),
    );
    const pages = [];
    const idle = { kind: 'idle', since: '2026-09-01T09:00:00.000Z' } as const;
    for await (const page of connector.read(contextOf(connector), 'people', idle)) pages.push(page);
    expect(requests.map(({ query: asked }) => [asked.get('from'), asked.get('to')])).toEqual([
      ['2026-09-01T08:59:00Z', null],
      ['2026-09-01T08:59:00Z', '2026-09-01T09:59:31Z'],
    ]);
    expect(pages.at(-1)?.next).toEqual({ kind: 'idle', since: '2026-09-01T09:59:30.000Z' });
  });

  it('fetches many ids in one request, and knows who is gone and who was merged', async () => {
    await serve(({ query }) => {
      const ids = (query.get('ids') ?? '').split(',');
      const found = ids
        .filter((id) => id !== 'p99')
        .map((id) => ({ id, ...(id === 'p3' ? { winner: 'p1' } : {}) }));
      return { status: 200, json: { people: found } };
    });
    const get = { path: '/people', query: { ids: '{{ids}}' }, batch: 2, records: 'people' };
    const connector = connectorFromManifest(manifest({ get, record: { id: 'id', mergedInto: 'winner' } }));
    const found = await connector.fetchByIds(contextOf(connector), 'people', ['p1', 'p3', 'p99', 'p1']);
    expect(requests).toHaveLength(2);
    expect(found.get('p1')).toMatchObject({ status: 'found' });
    expect(found.get('p3')).toMatchObject({ status: 'merged', mergedInto: 'p1' });
    expect(found.get('p99')).toEqual({ status: 'gone' });
    expect(connector.descriptor.capabilities).toMatchObject({ batchRead: 2, merges: 'pointer' });
  });

  it('lists deleted records where the vendor does', async () => {
    await serve(({ path }) => ({
      status: 200,
      json: { people: path.endsWith('/deleted') ? people(2) : [] },
    }));
    const list = { path: '/people/deleted', records: 'people', paginate: { type: 'none' } } as const;
    const connector = connectorFromManifest(manifest({ deletions: { type: 'list', list } }));
    const pages = [];
    for await (const page of connector.deletions?.(contextOf(connector), 'people', null) ?? [])
      pages.push(page);
    expect(pages.flatMap(({ records }) => records.map(({ id, archived }) => [id, archived]))).toEqual([
      ['p1', true],
      ['p2', true],
    ]);
    expect(pages.at(-1)?.done).toBe(true);
  });

  it.each<[string, FakeReply, object]>([
    [
      'the first filter that fits',
      { status: 403, json: { code: 'REQUEST_LIMIT' } },
      { code: 'RATE_LIMITED', scope: 'daily' },
    ],
    [
      'a filter without a text',
      { status: 403, json: { code: 'OTHER' } },
      { code: 'AUTH_EXPIRED', reauthorize: true },
    ],
    ['the common table', { status: 422 }, { code: 'CONFIG_ERROR' }],
    [
      'a relative reset',
      { status: 429, headers: { 'x-reset': '7' } },
      { scope: 'burst', retryAt: new Date(NOW.getTime() + 7_000) },
    ],
    ['a daily quota that is used up', { status: 429, headers: { 'x-left': '0' } }, { scope: 'daily' }],
    [
      'Retry-After before everything',
      { status: 429, headers: { 'x-reset': '7', 'retry-after': '3' } },
      { retryAt: new Date(NOW.getTime() + 3_000) },
    ],
    ['a busy server', { status: 409 }, { code: 'TRANSIENT' }],
  ])('reads refusals by %s', async (_name, reply, expected) => {
    await serve(() => reply);
    const connector = connectorFromManifest({
      ...manifest({}),
      rateHeaders: { reset: { name: 'X-Reset', unit: 'relative_s' }, dailyRemaining: 'X-Left' },
      errors: [
        { status: 403, bodyMatch: 'REQUEST_LIMIT', action: 'quota' },
        { status: 403, action: 'reauthorize' },
        { status: [409, 418], action: 'retry' },
      ],
    });
    await expect(idsBy(connector)).rejects.toMatchObject(expected);
  });

  it.each([
    ['body', undefined, { client_id: 'id', client_secret: 'se:cret' }],
    ['basic', `Basic ${Buffer.from('id:se:cret').toString('base64')}`, {}],
  ] as const)(
    'refreshes tokens with the client in the %s, and keeps what the answer adds',
    async (clientAuth, authorization, inBody) => {
      await serve(() => ({
        status: 200,
        json: {
          access_token: 'new',
          refresh_token: 'rotated',
          expires_in: 60,
          api: { domain: 'https://eu.example' },
        },
      }));
      const connector = connectorFromManifest({
        ...manifest({}),
        auth: {
          type: 'oauth2_refresh',
          tokenUrl: '{{settings.baseUrl}}/token',
          clientAuth,
          keep: { apiDomain: 'api.domain' },
        },
      });
      const secrets = { clientId: 'id', clientSecret: 'se:cret', refreshToken: 'old' };
      const refreshed = await connector.refreshAuth?.(contextOf(connector, secrets));
      expect(refreshed).toEqual({
        secrets: { ...secrets, accessToken: 'new', refreshToken: 'rotated', apiDomain: 'https://eu.example' },
        expiresAt: new Date(NOW.getTime() + 60_000),
      });
      expect(connector.descriptor.secretsSchema.parse(refreshed?.secrets)).toEqual(refreshed?.secrets);
      expect(requests[0]?.path).toBe('/base/token');
      expect(requests[0]?.headers.authorization).toBe(authorization);
      expect(Object.fromEntries(new URLSearchParams(requests[0]?.body.toString()))).toEqual({
        grant_type: 'refresh_token',
        refresh_token: 'old',
        ...inBody,
      });
    },
  );

  it('asks for a person when the refresh token is refused, and says no secret', async () => {
    await serve(() => ({ status: 400, json: { error: 'invalid_grant' } }));
    const connector = connectorFromManifest({
      ...manifest({}),
      auth: { type: 'oauth2_refresh', tokenUrl: '{{settings.baseUrl}}/token' },
    });
    const refresh = connector.refreshAuth?.(
      contextOf(connector, { clientId: 'id', clientSecret: 'secret-1', refreshToken: 'secret-2' }),
    );
    const error = await refresh?.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AUTH_EXPIRED', reauthorize: true });
    expect(String(error)).not.toMatch(/secret-\d/);
  });

  it('sends credentials as a header, a parameter, or Basic', async () => {
    await serve(() => ({ status: 200, json: [] }));
    const sent = async (auth: ManifestDocument['auth']) => {
      await idsBy(connectorFromManifest({ ...manifest({}), auth }));
      return requests.at(-1);
    };
    expect((await sent({ type: 'header', name: 'X-Key', value: 'k' }))?.headers['x-key']).toBe('k');
    expect((await sent({ type: 'query', name: 'api_token', value: 'k' }))?.query.get('api_token')).toBe('k');
    expect((await sent({ type: 'basic', username: 'k', password: '' }))?.headers.authorization).toBe(
      `Basic ${Buffer.from('k:').toString('base64')}`,
    );
  });

  it('says which stream cannot be read, and names no account it did not find', async () => {
    await serve(({ path }) => (path === '/base/me' ? { status: 200, json: { id: 7 } } : { status: 403 }));
    const connector = connectorFromManifest(manifest({}));
    expect(await connector.check(contextOf(connector))).toMatchObject({
      ok: false,
      account: '7',
      detail: expect.stringMatching(/^people cannot be read: .*403/),
    });
    await server.close();
    await serve(() => ({ status: 200, json: {} }));
    await expect(connector.check(contextOf(connector))).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    await expect(async () =>
      idsBy({ ...connector, read: (context, _stream, from) => connector.read(context, 'constructor', from) }),
    ).rejects.toThrow(ConfigError);
  });
});

type List = ManifestDocument['streams'][string]['list'];

interface Person {
  readonly id: string;
  readonly at: { readonly rank: number };
}

/** Ranks repeat, so that a keyset needs its second field. */
function people(count: number): Person[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `p${n + 1}`.padStart(2, '0'),
    at: { rank: Math.floor(n / 4) },
  })).sort((a, b) => a.at.rank - b.at.rank || (a.id < b.id ? -1 : 1));
}

function num(query: URLSearchParams, name: string): number {
  return Number(query.get(name) ?? 0);
}

function manifest(stream: Partial<ManifestDocument['streams'][string]>): ManifestDocument {
  return {
    id: 'test-crm',
    name: 'Test CRM',
    version: '1',
    settings: { baseUrl: { type: 'url', required: true } },
    auth: { type: 'none' },
    baseUrl: '{{settings.baseUrl}}',
    check: { path: '/me', account: 'answer.id' },
    streams: {
      people: {
        label: 'People',
        record: { id: 'id' },
        list: { path: '/people', records: '', paginate: { type: 'none' } },
        get: { path: '/people/{{id}}' },
        map: { version: 1, identifier_key: 'id', name: 'id', identity_type: '"user"' },
        ...stream,
      },
    },
  };
}
