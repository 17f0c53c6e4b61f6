import { beforeAll, expect, it } from '@jest/globals';
import Letta from '@letta-ai/letta-client';
import { describeApi } from './support/api-process.js';

const COUNT = 240;

describeApi('autopaging with the Letta client', (api) => {
  let client: Letta;
  /** In the order of creation. */
  const ids: string[] = [];

  beforeAll(async () => {
    client = new Letta({ baseURL: api.url, apiKey: api.adminKey });
    for (let number = 0; number < COUNT; number++) {
      ids.push((await create(client, `paged-${number}`)).id);
    }
  });

  it.each(['asc', 'desc'] as const)('walks all of them, each once, %s', async (order) => {
    const walked = await walk(client.identities.list({ order, limit: 37 }));
    expect(walked).toEqual(order === 'asc' ? ids : ids.toReversed());
  });

  it.each(['asc', 'desc'] as const)('walks backwards from the end, page by page, %s', async (order) => {
    const forward = order === 'asc' ? ids : ids.toReversed();
    const pages: string[][] = [];
    const first = await client.identities.list({ order, limit: 37, before: forward.at(-1) ?? '' });
    for await (const page of first.iterPages()) pages.push(page.items.map(({ id }) => id));
    expect(pages.toReversed().flat()).toEqual(forward.slice(0, -1));
  });

  it('walks the window between two cursors', async () => {
    const window = { order: 'asc', after: ids[9] ?? '', before: ids[20] ?? '', limit: 100 } as const;
    expect((await client.identities.list(window)).items.map(({ id }) => id)).toEqual(ids.slice(10, 20));
  });

  it.each(['asc', 'desc'] as const)(
    'misses nothing while rows behind and ahead go away, %s',
    async (order) => {
      const tag = [{ key: 'walk', type: 'string', value: order }] as const;
      const own: string[] = [];
      for (let number = 0; number < 200; number++) {
        own.push((await create(client, `${order}-${number}`, [...tag])).id);
      }
      const expected = order === 'asc' ? own : own.toReversed();
      const walked: string[] = [];
      for await (const { id, properties } of client.identities.list({ order, limit: 20, name: 'Walker' })) {
        if (!properties?.some(({ value }) => value === order)) continue;
        walked.push(id);
        await client.identities.delete(id);
        if (walked.length === 50) await client.identities.delete(expected[150] ?? '');
      }
      expect(walked).toEqual(expected.filter((_, at) => at !== 150));
    },
  );

  it('answers 404 for a cursor that never was', async () => {
    const unknown = client.identities.list({ after: 'identity-123e4567-e89b-42d3-8456-426614174000' });
    await expect(unknown).rejects.toMatchObject({
      error: { detail: 'No Identity found with id identity-123e4567-e89b-42d3-8456-426614174000' },
    });
    await expect(client.identities.list({ after: 'nobody' })).rejects.toBeInstanceOf(Letta.NotFoundError);
  });

  it('pages agents of an identity, also while they are detached', async () => {
    const agents = Array.from({ length: 60 }, (_, number) => agentId(number));
    const { id } = await client.identities.create({ ...walker('with-agents'), agent_ids: agents });
    expect(await walk(client.identities.agents.list(id, { order: 'asc', limit: 7 }))).toEqual(agents);
    const walked: string[] = [];
    for await (const agent of client.identities.agents.list(id, { limit: 7 })) {
      walked.push(agent.id);
      await client.agents.identities.detach(id, { agent_id: agent.id });
    }
    expect(walked).toEqual(agents.toReversed());
  });
});

const walker = (identifier_key: string) =>
  ({ identifier_key, name: 'Walker', identity_type: 'user' }) as const;

const create = (client: Letta, key: string, properties: Letta.IdentityProperty[] = []) =>
  client.identities.create({ ...walker(key), name: properties.length > 0 ? 'Walker' : 'Paged', properties });

const agentId = (number: number): string =>
  `agent-00000000-0000-4000-8000-${number.toString().padStart(12, '0')}`;

async function walk(items: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of items) ids.push(id);
  return ids;
}
