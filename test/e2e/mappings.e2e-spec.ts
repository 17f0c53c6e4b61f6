import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { describeApi } from './support/api-process.js';

jest.setTimeout(60_000);

const SHOUTING = {
  version: 1,
  identifier_key: '$lowercase(properties.email)',
  name: '$uppercase(properties.firstname)',
  identity_type: '"user"',
  properties: [],
};

describeApi(
  'the mappings that a connection has had',
  (api) => {
    let hubspot: HubSpotFake;
    let connection: string;
    let original: Record<string, unknown>;
    beforeAll(async () => {
      hubspot = await startHubSpotFake({ searchLagMs: 0 });
      const { body } = await api.send('POST', '/v1/connections', {
        body: {
          kind: 'hubspot',
          name: 'crm',
          settings: { baseUrl: hubspot.url },
          secrets: { accessToken: hubspot.token },
          every_seconds: null,
        },
      });
      connection = `/v1/connections/${body.id}`;
      original = body.mapping;
    });
    afterAll(() => hubspot?.close());

    const patch = async (body: object, key = api.adminKey) =>
      expect(await api.send('PATCH', connection, { body, key })).toMatchObject({ status: 200 });
    const versions = async () => (await api.send('GET', `${connection}/mappings`)).body;

    it('begin with the one that it was made with', async () => {
      expect(await versions()).toMatchObject([{ version: 1, mapping: original }]);
    });

    it('gain one with each change of the mapping, newest first, with who made it', async () => {
      const key = await api.makeKey({ scopes: ['admin'] });
      await patch({ mapping: { contacts: SHOUTING } }, key);
      const [changed, first, ...more] = await versions();
      expect([first.version, first.mapping, more]).toEqual([1, original, []]);
      expect(changed).toMatchObject({
        version: 2,
        mapping: { ...original, contacts: SHOUTING },
        actor: expect.stringMatching(/^key:/),
      });
      expect(changed.actor).not.toBe(first.actor);
      expect(Date.parse(changed.created_at)).toBeGreaterThanOrEqual(Date.parse(first.created_at));
    });

    const nul = 'a\u0000';
    it.each([
      ['a setting', { settings: { note: nul } }],
      ['a key of the settings', { settings: { [nul]: 1 } }],
      ['a secret', { secrets: { accessToken: nul } }],
      ['the name', { name: nul }],
      ['half a character pair in a mapping', { mapping: { contacts: { ...SHOUTING, name: '"\ud800"' } } }],
    ])('gain none with what cannot be stored: %s', async (_what, change) => {
      const before = await versions();
      const made = { kind: 'hubspot', name: 'another', secrets: { accessToken: 'x' }, check: false };
      const calls = [
        ['POST', '/v1/connections', { ...made, ...change }],
        ['PATCH', connection, change],
      ] as const;
      for (const [method, path, body] of calls)
        expect(await api.send(method, path, { body })).toMatchObject({
          status: 422,
          body: { detail: expect.stringMatching(/^body/) },
        });
      expect(await versions()).toEqual(before);
    });

    it('gain none with another change', async () => {
      const before = await versions();
      await patch({ name: 'customers' });
      expect(await versions()).toEqual(before);
    });

    it('gain one by going back', async () => {
      await patch({ mapping_version: 1 });
      expect((await api.send('GET', connection)).body).toMatchObject({
        mapping_version: 3,
        mapping: original,
      });
      expect(await versions()).toMatchObject([
        { version: 3, mapping: original },
        { version: 2, mapping: { contacts: SHOUTING } },
        { version: 1, mapping: original },
      ]);
    });

    it('are shown to a key that reads, and not to one of another project', async () => {
      const reader = await api.makeKey({ scopes: ['read'] });
      expect(await api.send('GET', `${connection}/mappings`, { key: reader })).toMatchObject({ status: 200 });
      const stranger = await api.makeKey({ scopes: ['admin'], projectIds: ['elsewhere'] });
      expect(await api.send('GET', `${connection}/mappings`, { key: stranger })).toMatchObject({
        status: 404,
      });
    });
  },
  () => ({ ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true' }),
  'service',
);
