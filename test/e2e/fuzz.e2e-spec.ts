import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeApi } from './support/api-process.js';
import { bodyFor, hostileHeaders, hostileQuery, segmentFor } from './support/hostile.js';

const RUNS = Number(process.env.ROLLCALL_FUZZ_RUNS ?? 60);

/** Whatever is sent: never a 5xx, a sound refusal (`requireSound`, of every answer), and then the log is as it was. */
describeApi(
  'hostile requests',
  (api) => {
    let routes: Route[];
    beforeAll(async () => {
      routes = routesOf((await api.send('GET', '/openapi.json')).body);
    });

    it('reach every route there is', () => expect(routes.length).toBeGreaterThan(20));

    it('never fail, and change nothing when refused', async () => {
      const accepted = new Set<string>();
      for (const route of routes) {
        await fc.assert(
          fc.asyncProperty(requestTo(route), async ({ path, ...request }) => {
            const target = await ensureTarget();
            const before = await api.logSize();
            const answer = await api.send(route.method, path.replace(TARGET, target), request);
            expect(answer.status).toBeLessThan(500);
            if (answer.status < 400) accepted.add(nameOf(route));
            else expect(await api.logSize()).toEqual(before);
          }),
          { numRuns: RUNS },
        );
      }
      // The identity routes also took some of it: what is refused at the door proves little about the house.
      const refusing = routes.filter((route) => IDENTITIES.test(route.path) && !accepted.has(nameOf(route)));
      expect(refusing).toEqual([]);
    }, 300_000);

    /** There to be changed; made again when a request deleted it. */
    async function ensureTarget(): Promise<string> {
      const body = { identifier_key: 'target', name: 'Target', identity_type: 'user' };
      const { body: identity } = await api.send('PUT', '/v1/identities/', { body });
      return identity.id;
    }
  },
  () => ({}),
  'service',
);

interface Route {
  readonly method: string;
  readonly path: string;
}

const IDENTITIES = /^\/v1\/(identities|agents|blocks)\//;
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

const routesOf = (document: { paths: Record<string, Record<string, unknown>> }): Route[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })),
  );

const TARGET = '<target>';
const RIGHT: Record<string, string> = {
  identity_id: TARGET,
  agent_id: 'agent-123e4567-e89b-42d3-8456-426614174000',
  block_id: 'block-123e4567-e89b-42d3-8456-426614174000',
  file: 'start.js',
  key: 'plan',
  kind: 'hubspot',
};

/** Every other id is one. */
const A_UUID = '01a208d1-6a53-73af-a412-adadde280d01';

const requestTo = ({ method, path }: Route) =>
  fc
    .record({
      segments: fc.tuple(...path.split('/').map(segmentOf)),
      query: fc.option(hostileQuery),
      headers: hostileHeaders,
      ...(method !== 'GET' && { body: bodyFor(method, path) }),
    })
    .map(({ segments, query, ...rest }) => ({
      ...rest,
      path: `${segments.join('/')}${query ? `?${query}` : ''}`,
    }));

function segmentOf(segment: string): fc.Arbitrary<string> {
  const [, name] = /^\{(\w+)\}$/.exec(segment) ?? [];
  return name ? segmentFor(RIGHT[name] ?? A_UUID) : fc.constant(segment);
}
