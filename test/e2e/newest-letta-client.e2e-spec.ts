import { expect, it } from '@jest/globals';
import Letta from 'letta-client-newest';
import { describeApi } from './support/api-process.js';

const AGENT = 'agent-123e4567-e89b-42d3-8456-426614174000';

interface Identity {
  readonly id: string;
  readonly name: string;
  readonly agent_ids: string[];
}

/** It has no `identities` of its own any more: its users go by path. */
describeApi('the newest Letta client, by raw path', (api) => {
  const client = () => new Letta({ baseURL: api.url, apiKey: api.adminKey });
  const ada = (identifier_key: string) => ({ identifier_key, name: 'Ada Lovelace', identity_type: 'user' });

  it('creates, lists, changes and deletes', async () => {
    const letta = client();
    const created = await letta.post<Identity>('/v1/identities/', { body: ada('raw') });
    expect(await letta.get<Identity[]>('/v1/identities/', { query: { identifier_key: 'raw' } })).toEqual([
      created,
    ]);
    const path = `/v1/identities/${created.id}`;
    expect(await letta.patch<Identity>(path, { body: { name: 'Ada King' } })).toEqual({
      ...created,
      name: 'Ada King',
    });
    expect(await letta.put<Identity>('/v1/identities/', { body: ada('raw') })).toEqual(created);
    expect(await letta.get<number>('/v1/identities/count')).toBe(1);
    expect(await letta.delete<null>(path)).toBeNull();
    await expect(letta.get<Identity>(path)).rejects.toBeInstanceOf(Letta.NotFoundError);
  });

  it('goes with or without a trailing slash, and is never sent elsewhere', async () => {
    const letta = client();
    const { id } = await letta.post<Identity>('/v1/identities', { body: ada('slash') });
    expect(await letta.get<Identity>(`/v1/identities/${id}/`)).toMatchObject({ id });
    const { status } = await api.send('GET', '/v1/identities');
    expect(status).toBe(200);
  });

  it('attaches and detaches through the part that it kept', async () => {
    const letta = client();
    const { id } = await letta.post<Identity>('/v1/identities/', { body: ada('attached') });
    await letta.agents.identities.attach(id, { agent_id: AGENT });
    expect(await letta.get<Identity>(`/v1/identities/${id}`)).toMatchObject({ agent_ids: [AGENT] });
    await letta.agents.identities.detach(id, { agent_id: AGENT });
    expect(await letta.get<Identity>(`/v1/identities/${id}`)).toMatchObject({ agent_ids: [] });
  });

  it('has no route for its unknown path', async () =>
    expect(client().get('/_stainless_unknown_path')).rejects.toBeInstanceOf(Letta.NotFoundError));
});
