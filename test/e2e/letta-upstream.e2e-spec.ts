import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeApi } from './support/api-process.js';

const KEY = 'upstream-key';

describeApi(
  'with a Letta server upstream',
  (api) => {
    let id: string;
    beforeAll(async () => {
      const body = {
        identifier_key: 'ada',
        name: 'Ada Lovelace',
        identity_type: 'user',
        agent_ids: [1, 2, 3, 4, 5].map(agentId),
        block_ids: [blockId(1), blockId(2)],
      };
      id = (await api.send('POST', '/v1/identities/', { body })).body.id;
    });
    beforeEach(() => {
      letta.gone.clear();
      letta.status = 200;
      letta.asked.length = 0;
    });

    it('lists the real agents, with what was asked to be filled in', async () => {
      const path = `/v1/identities/${id}/agents?limit=2&include=agent.tags&include=agent.tools`;
      const { body } = await api.send('GET', path);
      expect(body).toMatchObject([{ id: agentId(5), name: 'from upstream' }, { id: agentId(4) }]);
      expect(letta.asked).toContain(`/v1/agents/${agentId(5)}?include=agent.tags&include=agent.tools ${KEY}`);
    });

    it('passes over agents that are gone, and fills the page', async () => {
      letta.gone.add(agentId(4));
      const { body } = await api.send('GET', `/v1/identities/${id}/agents?limit=2`);
      expect(body).toMatchObject([{ id: agentId(5) }, { id: agentId(3) }]);
    });

    it('lists the real blocks', async () =>
      expect((await api.send('GET', `/v1/identities/${id}/blocks?order=asc`)).body).toMatchObject([
        { id: blockId(1), value: 'from upstream' },
        { id: blockId(2), value: 'from upstream' },
      ]));

    it('attaches only a block that exists, and detaches also one that is gone', async () => {
      letta.gone.add(blockId(9));
      const route = (action: string, block: string) => `/v1/blocks/${block}/identities/${action}/${id}`;
      expect(await api.send('PATCH', route('attach', blockId(9)))).toMatchObject({ status: 404 });
      expect(await api.send('PATCH', route('attach', blockId(3)))).toMatchObject({
        body: { id: blockId(3), value: 'from upstream' },
      });
      letta.gone.add(blockId(3));
      expect(await api.send('PATCH', route('detach', blockId(3)))).toMatchObject({
        status: 200,
        body: { id: blockId(3) },
      });
      expect((await api.send('GET', `/v1/identities/${id}`)).body.block_ids).toEqual([
        blockId(1),
        blockId(2),
      ]);
    });

    it.each([
      ['fails', 500, 502, 'The Letta server at LETTA_UPSTREAM_URL answered 500'],
      ['does not know our key', 401, 502, 'The Letta server at LETTA_UPSTREAM_URL answered 401'],
      ['sends us elsewhere', 307, 502, 'The Letta server at LETTA_UPSTREAM_URL could not be reached'],
      ['talks nonsense', 299, 502, 'The Letta server at LETTA_UPSTREAM_URL answered no JSON'],
    ])('says so when it %s', async (_, status, expected, detail) => {
      letta.status = status;
      expect(await api.send('GET', `/v1/identities/${id}/agents`)).toMatchObject({
        status: expected,
        body: { detail },
      });
    });

    it('asks nobody for an identity without agents', async () => {
      const body = { identifier_key: 'alone', name: 'Alone', identity_type: 'user' };
      const alone = (await api.send('POST', '/v1/identities/', { body })).body.id;
      expect((await api.send('GET', `/v1/identities/${alone}/agents`)).body).toEqual([]);
      expect(letta.asked).toEqual([]);
    });
  },
  () => ({ LETTA_UPSTREAM_URL: `${letta.url}/`, LETTA_UPSTREAM_KEY: KEY }),
);

/** A Letta server with every agent and block there could be, but the ones that are gone. */
class FakeLetta {
  readonly gone = new Set<string>();
  readonly asked: string[] = [];
  status = 200;
  url = '';
  private readonly server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://fake');
    const [, , kind, id = ''] = pathname.split('/');
    this.asked.push(`${request.url} ${request.headers.authorization?.replace('Bearer ', '')}`);
    if (this.status === 307) return void response.writeHead(307, { location: '/elsewhere' }).end();
    if (this.status === 299) return void response.writeHead(200).end('<html>');
    response.statusCode = this.gone.has(id) ? 404 : this.status;
    response.end(JSON.stringify(kind === 'agents' ? agent(id) : { id, value: 'from upstream' }));
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const letta = new FakeLetta();
beforeAll(() => letta.start());
afterAll(() => letta.stop());

const agentId = (number: number) => `agent-00000000-0000-4000-8000-00000000000${number}`;
const blockId = (number: number) => `block-00000000-0000-4000-8000-00000000000${number}`;

const agent = (id: string) => ({
  id,
  name: 'from upstream',
  agent_type: 'letta_v1_agent',
  system: '',
  llm_config: { model: 'm', model_endpoint_type: 'openai', context_window: 1 },
  memory: { blocks: [] },
  blocks: [],
  sources: [],
  tags: [],
  tools: [],
});
