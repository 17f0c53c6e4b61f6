import { expect, it } from '@jest/globals';
import Letta from '@letta-ai/letta-client';
import { describeApi } from './support/api-process.js';

const AGENT = 'agent-123e4567-e89b-42d3-8456-426614174000';
const BLOCK = 'block-123e4567-e89b-42d3-8456-426614174000';

describeApi('the Letta client 1.6.4', (api) => {
  const client = () => new Letta({ baseURL: api.url, apiKey: api.adminKey });
  const ada = (identifier_key: string) =>
    ({ identifier_key, name: 'Ada Lovelace', identity_type: 'user' }) as const;

  it('creates, retrieves, updates and deletes an identity', async () => {
    const { identities } = client();
    const created = await identities.create({
      ...ada('crud'),
      properties: [
        { key: 'plan', type: 'string', value: 'pro' },
        { key: 'seats', type: 'number', value: 1.5 },
        { key: 'active', type: 'boolean', value: true },
        { key: 'address', type: 'json', value: { city: 'London', zip: ['W1'] } },
      ],
    });
    expect(created.id).toMatch(/^identity-[0-9a-f-]{36}$/);
    expect(await identities.retrieve(created.id)).toEqual(created);

    const updated = await identities.update(created.id, {
      name: 'Ada King',
      properties: [{ key: 'plan', type: 'string', value: 'free' }],
    });
    expect(updated).toEqual({
      ...created,
      name: 'Ada King',
      properties: created.properties?.map((property) =>
        property.key === 'plan' ? { ...property, value: 'free' } : property,
      ),
    });

    expect(await identities.delete(created.id)).toBeNull();
    await expect(identities.retrieve(created.id)).rejects.toBeInstanceOf(Letta.NotFoundError);
  });

  it('upserts: a new key is created, a known one keeps its id', async () => {
    const { identities } = client();
    const properties = [{ key: 'plan', type: 'string', value: 'pro' }] as const;
    const first = await identities.upsert({ ...ada('upserted'), properties: [...properties] });
    const second = await identities.upsert({ ...ada('upserted'), name: 'Ada King' });
    expect(second).toEqual({ ...first, name: 'Ada King' });
    const cleared = await identities.upsert({ ...ada('upserted'), properties: [] });
    expect(cleared).toEqual({ ...first, properties: [] });
  });

  it('upserts properties by key and leaves the others', async () => {
    const { identities } = client();
    const { id } = await identities.create({
      ...ada('properties'),
      properties: [{ key: 'kept', type: 'boolean', value: true }],
    });
    const body = [
      { key: 'plan', type: 'string', value: 'free' },
      { key: 'plan', type: 'string', value: 'pro' },
    ] as const;
    expect(await identities.properties.upsert(id, { body: [...body] })).toMatchObject({
      id,
      properties: [
        { key: 'kept', value: true },
        { key: 'plan', value: 'pro' },
      ],
    });
  });

  it('filters a list; a null parameter filters nothing', async () => {
    const { identities } = client();
    const org = await identities.create({
      identifier_key: 'filtered',
      name: '100% Org_1',
      identity_type: 'org',
    });
    const found = async (query: Letta.IdentityListParams) => {
      const page = await identities.list(query);
      return page.items.map(({ id }) => id);
    };
    expect(await found({ identifier_key: 'filtered' })).toEqual([org.id]);
    expect(await found({ identity_type: 'org', name: '% org_' })).toEqual([org.id]);
    expect(await found({ name: '%' })).toEqual([org.id]);
    expect(await found({ identifier_key: 'filtered', identity_type: 'user' })).toEqual([]);
    expect(await found({ identifier_key: 'filtered', project_id: null, before: null, limit: null })).toEqual([
      org.id,
    ]);
  });

  it('attaches an identity to agents and detaches it', async () => {
    const { identities, agents } = client();
    const { id } = await identities.create({ ...ada('agents'), block_ids: [BLOCK] });
    expect(await agents.identities.attach(id, { agent_id: AGENT })).toBeNull();
    await agents.identities.attach(id, { agent_id: AGENT });
    expect((await identities.agents.list(id)).items).toMatchObject([
      { id: AGENT, blocks: [], memory: { blocks: [] }, tools: [], tags: [], sources: [] },
    ]);
    expect((await identities.blocks.list(id)).items).toEqual([{ id: BLOCK, value: '' }]);
    expect(await agents.identities.detach(id, { agent_id: AGENT })).toBeNull();
    expect((await identities.retrieve(id)).agent_ids).toEqual([]);
  });

  it('throws its typed errors', async () => {
    const { identities, agents } = client();
    await identities.create(ada('errors'));
    const refused = (work: Promise<unknown>) => expect(work).rejects;
    await refused(identities.create(ada('errors'))).toBeInstanceOf(Letta.ConflictError);
    await refused(identities.retrieve('nobody')).toBeInstanceOf(Letta.UnprocessableEntityError);
    await refused(agents.identities.attach('nobody', { agent_id: AGENT })).toBeInstanceOf(
      Letta.BadRequestError,
    );
    const readOnly = new Letta({ baseURL: api.url, apiKey: await api.makeKey({ scopes: ['read'] }) });
    await refused(readOnly.identities.create(ada('errors'))).toBeInstanceOf(Letta.PermissionDeniedError);
    const stranger = new Letta({ baseURL: api.url, apiKey: 'rc_nobody-knows-this-key' });
    await refused(stranger.identities.list()).toBeInstanceOf(Letta.AuthenticationError);
    await refused(identities.create(ada('errors'))).toMatchObject({
      error: {
        detail: 'An identity with identifier key errors already exists',
        code: 'IDENTIFIER_KEY_TAKEN',
      },
    });
  });

  it('sends a duplicate create once', async () => {
    let sent = 0;
    const counting = new Letta({
      baseURL: api.url,
      apiKey: api.adminKey,
      fetch: (...request) => {
        sent += 1;
        return fetch(...request);
      },
    });
    await counting.identities.create(ada('duplicate'));
    await expect(counting.identities.create(ada('duplicate'))).rejects.toBeInstanceOf(Letta.ConflictError);
    expect(sent).toBe(2);
  });

  it('scopes by its project', async () => {
    const inProject = new Letta({ baseURL: api.url, apiKey: api.adminKey, projectID: 'p1' });
    const { id, project_id } = await inProject.identities.create(ada('scoped'));
    expect(project_id).toBe('p1');
    expect((await inProject.identities.upsert({ ...ada('scoped'), name: 'Ada King' })).id).toBe(id);
    expect((await inProject.identities.list()).items.map((identity) => identity.id)).toEqual([id]);
    expect((await inProject.identities.create({ ...ada('scoped'), project_id: 'p2' })).project_id).toBe('p2');
  });
});
