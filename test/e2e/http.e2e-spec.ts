import { request as httpRequest, STATUS_CODES } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { type ApiUnderTest, describeApi, type SendOptions } from './support/api-process.js';

const TRACE_ID = /^[0-9a-f]{32}$/;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const UNKNOWN = 'identity-123e4567-e89b-42d3-8456-426614174000';

describeApi('the HTTP of it', (api) => {
  const ada = (identifier_key: string) => ({ identifier_key, name: 'Ada Lovelace', identity_type: 'user' });
  const create = async (key: string, more: object = {}) =>
    (await api.send('POST', '/v1/identities/', { body: { ...ada(key), ...more } })).body as { id: string };

  describe('versions', () => {
    it('gives an ETag with every identity, the same when nothing changed', async () => {
      const { id } = await create('etag');
      const change = { body: { name: 'Ada King' } };
      expect((await api.send('PATCH', `/v1/identities/${id}`, change)).headers.get('etag')).toBe('"2"');
      expect((await api.send('PATCH', `/v1/identities/${id}`, change)).headers.get('etag')).toBe('"2"');
      expect((await api.send('PATCH', `/v1/identities/${id}`, { body: {} })).headers.get('etag')).toBe('"2"');
    });

    it.each([
      ['"1"', 412],
      ['"2"', 200],
      ['W/"2"', 412],
      ['"1", "2"', 200],
      ['"a,b", "2",', 200],
      ['*', 200],
      ['"abc"', 412],
      ['2', 422],
    ])('If-Match: %s of version 2 answers %i', async (ifMatch, expected) => {
      const { id } = await create(`if-match ${ifMatch}`);
      await api.send('PATCH', `/v1/identities/${id}`, { body: { name: 'Ada King' } });
      const headers = { 'if-match': ifMatch };
      const { status } = await api.send('PATCH', `/v1/identities/${id}`, {
        body: { name: 'Countess' },
        headers,
      });
      expect(status).toBe(expected);
    });

    it.each([
      ['"1"', 412],
      ['W/"2"', 412],
      ['"1", "2"', 412],
      ['*', 412],
      ['"3"', 200],
      ['"abc"', 200],
      ['2', 422],
    ])('If-None-Match: %s on a change of version 2 or 1 answers %i', async (ifNoneMatch, expected) => {
      const { id } = await create(`if-none-match ${ifNoneMatch}`);
      if (ifNoneMatch !== '"1"')
        await api.send('PATCH', `/v1/identities/${id}`, { body: { name: 'Ada King' } });
      const change = { body: { name: 'Countess' }, headers: { 'if-none-match': ifNoneMatch } };
      expect((await api.send('PATCH', `/v1/identities/${id}`, change)).status).toBe(expected);
      const { name } = (await api.send('GET', `/v1/identities/${id}`)).body;
      expect(name === 'Countess').toBe(expected === 200);
    });

    const doors = {
      properties: ['PUT', '/properties', [{ key: 'plan', value: 'pro', type: 'string' }]],
      'one property': ['DELETE', '/properties/plan', undefined],
      deletion: ['DELETE', '', undefined],
      reading: ['GET', '', undefined],
      'reading as of': ['GET', '?as_of=1', undefined],
      'reading provenance': ['GET', '?include=provenance', undefined],
    } as const;
    it.each(Object.entries(doors))(
      'a false If-Match at the door of %s is 412',
      async (name, [method, path, body]) => {
        const { id } = await create(`doors ${name}`);
        const before = await api.logSize();
        const wrong = await api.send(method, `/v1/identities/${id}${path}`, {
          body,
          headers: { 'if-match': '"9"' },
        });
        expect(wrong).toMatchObject({ status: 412, body: { code: 'VERSION_MISMATCH' } });
        expect(await api.logSize()).toEqual(before);
        const right = await api.send(method, `/v1/identities/${id}${path}`, {
          body,
          headers: { 'if-match': '"1"' },
        });
        expect(right.status).toBe(200);
      },
    );

    it('of upserts that want to create, one does, however many come at once', async () => {
      const body = { identifier_key: 'raced upsert', name: 'Ada', identity_type: 'user' };
      const upsert = () => api.send('PUT', '/v1/identities/', { body, headers: { 'if-none-match': '*' } });
      const statuses = (await Promise.all(Array.from({ length: 8 }, upsert))).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, ...Array(7).fill(412)]);
    });

    it.each(['agents', 'blocks'])(
      'a false precondition attaches nothing to an identity (%s)',
      async (kind) => {
        const { id } = await create(`attach ${kind}`);
        const target = `${kind === 'agents' ? 'agent' : 'block'}-${crypto.randomUUID()}`;
        const send = (headers: Record<string, string>) =>
          api.send('PATCH', `/v1/${kind}/${target}/identities/attach/${id}`, { headers });
        expect((await send({ 'if-match': '"2"' })).status).toBe(412);
        expect((await send({ 'if-none-match': '*' })).status).toBe(412);
        expect((await send({ 'if-match': '"1"', 'if-none-match': '"2"' })).status).toBe(200);
      },
    );

    it.each([
      [{ 'if-match': '"1"' }, 412],
      [{ 'if-match': '*' }, 412],
      [{ 'if-none-match': '*' }, 200],
      [{ 'if-none-match': '"1"' }, 200],
    ])('creates with %j: %i', async (headers, expected) => {
      const body = {
        identifier_key: `created ${JSON.stringify(headers)}`,
        name: 'Ada',
        identity_type: 'user',
      };
      const { status } = await api.send('POST', '/v1/identities/', { body, headers });
      expect(status).toBe(expected);
      const found = await api.send(
        'GET',
        `/v1/identities/?identifier_key=${encodeURIComponent(body.identifier_key)}`,
      );
      expect(found.body).toHaveLength(expected === 200 ? 1 : 0);
    });

    it.each([
      [{ 'if-match': '*' }, 412, 200],
      [{ 'if-match': '"1"' }, 412, 200],
      [{ 'if-match': '"2"' }, 412, 412],
      [{ 'if-none-match': '*' }, 200, 412],
    ])('upserts with %j: %i when it is new, else %i', async (headers, whenNew, whenThere) => {
      const upsert = (key: string) => {
        const body = { identifier_key: key, name: 'Countess', identity_type: 'user' };
        return api.send('PUT', '/v1/identities/', { body, headers });
      };
      const there = `there ${JSON.stringify(headers)}`;
      await create(there);
      expect((await upsert(`new ${JSON.stringify(headers)}`)).status).toBe(whenNew);
      expect((await upsert(there)).status).toBe(whenThere);
    });

    it('answers 404, not 412, for an identity that is not there', async () =>
      expect(
        await api.send('DELETE', `/v1/identities/${UNKNOWN}`, { headers: { 'if-match': '"1"' } }),
      ).toMatchObject({
        status: 404,
      }));

    it('answers 304 without a body when the client has it already', async () => {
      const { id } = await create('not-modified');
      const headers = { 'if-none-match': '"1"' };
      expect(await api.send('GET', `/v1/identities/${id}`, { headers })).toMatchObject({
        status: 304,
        body: '',
      });
      await api.send('PATCH', `/v1/identities/${id}`, { body: { name: 'Ada King' } });
      expect(await api.send('GET', `/v1/identities/${id}`, { headers })).toMatchObject({ status: 200 });
    });

    it('tells what was, by version and by time', async () => {
      const { id } = await create('as-of');
      const [{ recorded_at: born }] = (await api.send('GET', `/v1/identities/${id}/events`)).body;
      await api.send('PATCH', `/v1/identities/${id}`, { body: { name: 'Ada King' } });
      await api.send('DELETE', `/v1/identities/${id}`);
      const asOf = async (when: string) =>
        (await api.send('GET', `/v1/identities/${id}?as_of=${encodeURIComponent(when)}`)).body;
      expect(await asOf('1')).toMatchObject({ name: 'Ada Lovelace' });
      expect(await asOf('2')).toMatchObject({ name: 'Ada King' });
      expect(await asOf(new Date(Date.parse(born) + 1).toISOString())).toMatchObject({ id });
      expect(await asOf('2001-01-01T00:00:00+01:00')).toMatchObject({
        detail: expect.stringContaining('not found'),
      });
      expect(await asOf('yesterday')).toMatchObject({
        detail: expect.stringContaining('expected a version'),
      });
    });

    it('tells where each value came from at that time, also of a deleted identity', async () => {
      const { id } = await create('origins', { properties: [{ key: 'plan', type: 'string', value: 'pro' }] });
      const plan = `/v1/identities/${id}/properties`;
      await api.send('PUT', plan, { body: [{ key: 'plan', type: 'string', value: 'free' }] });
      await api.send('DELETE', `${plan}/plan`);
      await api.send('DELETE', `/v1/identities/${id}`);
      const [born, changed] = (await api.send('GET', `/v1/identities/${id}/events`)).body;
      const asOf = (when: string) =>
        api.send('GET', `/v1/identities/${id}?include=provenance&as_of=${encodeURIComponent(when)}`);
      const first = (await asOf('1')).body;
      expect(first.properties).toMatchObject([{ key: 'plan', value: 'pro' }]);
      expect(first.provenance.name).toMatchObject({ source: 'api', version: 1, event_id: born.id });
      expect(first.provenance.properties).toEqual({ plan: first.provenance.name });
      for (const when of ['2', changed.recorded_at]) {
        const { body, headers } = await asOf(when);
        expect(headers.get('etag')).toBe('"2"');
        expect(body.provenance.name).toEqual(first.provenance.name);
        expect(body.provenance.properties.plan).toMatchObject({ version: 2, event_id: changed.id });
      }
      expect((await asOf('3')).body).toMatchObject({ properties: [], provenance: { properties: {} } });
      expect(await asOf('4')).toMatchObject({ status: 404 });
      expect(await asOf('2001-01-01T00:00:00Z')).toMatchObject({ status: 404 });
    });

    it('tells the history, also of a deleted identity, page by page', async () => {
      const { id } = await create('history', { properties: [{ key: 'plan', type: 'string', value: 'pro' }] });
      await api.send('PATCH', `/v1/identities/${id}`, { body: { identifier_key: 'history-2' } });
      await api.send('DELETE', `/v1/identities/${id}`);
      const events = (await api.send('GET', `/v1/identities/${id}/events`)).body;
      expect(events).toMatchObject([
        { type: 'IdentityCreated', version: 1, data: { identity_id: id, identifier_key: 'history' } },
        { type: 'IdentityModified', version: 2, data: { changes: { identifier_key: 'history-2' } } },
        { type: 'IdentityDeleted', version: 3, source: 'rest', actor: expect.stringMatching(/^key:/) },
      ]);
      expect((await api.send('GET', `/v1/identities/${id}/events?after=1&limit=1`)).body).toEqual([
        events[1],
      ]);
    });
  });

  describe('Idempotency-Key', () => {
    it('answers a repetition as it answered the first time, however the JSON is written down', async () => {
      const headers = { 'idempotency-key': 'repeated' };
      const { identifier_key, name, identity_type } = ada('repeated');
      const first = await api.send('POST', '/v1/identities/', {
        headers,
        body: { identifier_key, name, identity_type },
      });
      const again = await api.send('POST', '/v1/identities', {
        headers,
        body: { identity_type, name, identifier_key },
      });
      expect(again).toMatchObject({ status: 200, body: first.body });
    });

    it('refuses another request under the same key', async () => {
      const headers = { 'idempotency-key': 'reused' };
      await api.send('POST', '/v1/identities/', { headers, body: ada('reused') });
      const other = await api.send('POST', '/v1/identities/', { headers, body: ada('reused-2') });
      expect(other).toMatchObject({
        status: 422,
        body: { detail: expect.stringContaining('Idempotency-Key') },
      });
    });

    it('belongs to its caller', async () => {
      const headers = { 'idempotency-key': 'mine' };
      const key = await api.makeKey({ scopes: ['write'] });
      expect(await api.send('POST', '/v1/identities/', { headers, body: ada('mine') })).toMatchObject({
        status: 200,
      });
      expect(await api.send('POST', '/v1/identities/', { headers, body: ada('yours'), key })).toMatchObject({
        status: 200,
      });
    });

    it('does not remember a refusal', async () => {
      const { id } = await create('refused-first');
      const headers = { 'idempotency-key': 'refused-first' };
      const body = { ...ada('refused-first') };
      expect(await api.send('POST', '/v1/identities/', { headers, body })).toMatchObject({ status: 409 });
      await api.send('DELETE', `/v1/identities/${id}`);
      expect(await api.send('POST', '/v1/identities/', { headers, body })).toMatchObject({ status: 200 });
    });
  });

  describe('filters', () => {
    it('finds by properties, all of which must match', async () => {
      const properties = (plan: string, seats: number) => ({
        properties: [
          { key: 'plan', type: 'string', value: plan },
          { key: 'seats', type: 'number', value: seats },
        ],
      });
      const { id } = await create('filter-1', properties('gold', 3));
      await create('filter-2', properties('gold', 4));
      const found = (await api.send('GET', '/v1/identities/?property[plan]=gold&property%5Bseats%5D=3')).body;
      expect(found).toMatchObject([{ id }]);
      expect((await api.send('GET', '/v1/identities/count?property[plan]=gold')).body).toBe(2);
      expect((await api.send('GET', '/v1/identities/count?property[plan]=')).body).toBeGreaterThan(2);
    });

    it('finds what changed at a moment or later, in pages and in number', async () => {
      const ids = [];
      for (const name of ['changed-1', 'changed-2', 'changed-3']) ids.push((await create(name)).id);
      const [first = '', second = '', third = ''] = ids;
      const lastChange = async (id: string) =>
        Date.parse((await api.send('GET', `/v1/identities/${id}/events`)).body.at(-1).occurred_at);
      const moment = await lastChange(third);
      for (let times = 0; (await lastChange(first)) <= moment; times++)
        await api.send('PATCH', `/v1/identities/${first}`, { body: { name: `Ada ${times}` } });
      const since = (at: number, more = '') =>
        api.send('GET', `/v1/identities/?updated_after=${new Date(at).toISOString()}${more}`);
      const idsOf = async (answer: ReturnType<typeof since>) =>
        (await answer).body.map(({ id }: { id: string }) => id);

      expect(await idsOf(since(moment))).toEqual(expect.arrayContaining([third, first]));
      expect(await idsOf(since(moment + 1))).toEqual([first]);
      expect(await idsOf(since((await lastChange(first)) + 1))).toEqual([]);
      const all = await lastChange(second);
      expect(await idsOf(since(all, '&order=asc&limit=1'))).toEqual([first]);
      expect(await idsOf(since(all, `&order=asc&limit=1&after=${first}`))).toEqual([second]);
      expect(await idsOf(since(all, `&limit=1&after=${third}`))).toEqual([second]);
      expect(await idsOf(since(all, '&identifier_key=changed-2'))).toEqual([second]);
      const count = async (query: string) =>
        (await api.send('GET', `/v1/identities/count?updated_after=${query}`)).body;
      expect(await count(new Date(moment + 1).toISOString())).toBe(1);
      expect(await count('2001-01-01T00:00:00%2B01:00')).toBe(await count(''));
    });

    it.each([
      ['limit=0', 'query.limit: expected a whole number from 1 to 1000'],
      ['limit=1001', 'query.limit: expected a whole number from 1 to 1000'],
      ['limit=-1', 'query.limit: expected a whole number from 1 to 1000'],
      ['limit=1&limit=2', 'query.limit: '],
      ['order=up', 'query.order: '],
      ['order_by=name', 'query.order_by: '],
      ['identity_type=robot', 'query.identity_type: '],
      ['name=%00', 'query.name: must not hold NUL'],
      [`property[plan]=${'x'.repeat(513)}`, 'query.property.0.1: '],
      ['updated_after=yesterday', 'query.updated_after: expected an ISO 8601 time with its zone, such as '],
      ['updated_after=2026-11-23T12:00:00', 'query.updated_after: expected an ISO 8601 time with its zone'],
      ['updated_after=3', 'query.updated_after: expected an ISO 8601 time with its zone'],
      ['property[]=x', 'query.property.0.0: '],
    ])('refuses %s', async (query, detail) =>
      expect(await api.send('GET', `/v1/identities/?${query}`)).toMatchObject({
        status: 422,
        body: { detail: expect.stringContaining(detail), code: 'INVALID_REQUEST' },
      }),
    );

    it('ignores what it does not know, and takes an empty value for none', async () =>
      expect(
        await api.send('GET', '/v1/identities/?color=red&limit=&order=&name=&updated_after='),
      ).toMatchObject({
        status: 200,
      }));
  });

  describe('refusals', () => {
    it.each([
      ['no body', undefined, {}, 'body: a JSON body is required'],
      ['broken JSON', '{"name":', {}, 'body: expected valid JSON'],
      [
        'another type',
        'name=x',
        { 'content-type': 'application/x-www-form-urlencoded' },
        'body: expected JSON',
      ],
      ['a list', '[]', {}, 'body: '],
      ['an unknown field', { ...ada('x'), organization_id: 'x' }, {}, 'Unrecognized key: "organization_id"'],
      ['a number for a text', { ...ada('x'), name: 1 }, {}, 'body.name: '],
      ['a poisoned prototype', '{"__proto__":{"admin":true}}', {}, 'without "__proto__" keys'],
      ['NUL', { ...ada('x'), name: 'a\0' }, {}, 'body.name: must not hold NUL'],
      [
        'half a surrogate pair',
        '{"name":"\\ud800"}',
        {},
        'body.name: must not hold NUL characters or unpaired',
      ],
      ['an infinite number', property('1e400', 'number'), {}, 'body.properties.0.value: '],
      ['a type that lies', property('"pro"', 'number'), {}, 'body.properties.0.value: '],
      ['a deep value', property(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'json'), {}, 'nest at most 32'],
      ['a deep body', property(`${'['.repeat(500)}1${']'.repeat(500)}`, 'json'), {}, 'nests deeper than 64'],
    ])('422 for %s', async (_, body, headers, detail) => {
      const before = await api.logSize();
      const answer = await api.send('POST', '/v1/identities/', { body, headers: { ...headers } });
      expect(answer).toMatchObject({
        status: 422,
        body: { detail: expect.stringContaining(detail) },
      });
      expect(await api.logSize()).toEqual(before);
    });

    const nul = 'a\u0000';
    it.each([
      [
        'a key deep in a value',
        'PUT',
        '/v1/identities/',
        { ...ada('x'), properties: [{ key: 'k', type: 'json', value: [{ b: { [nul]: 1 } }] }] },
      ],
      [
        'half a pair in a key of a property',
        'PUT',
        '/v1/identities/',
        {
          ...ada('x'),
          properties: [{ key: '\ud800', type: 'string', value: 'a' }],
        },
      ],
      ['an agent', 'POST', '/v1/identities/', { ...ada('x'), agent_ids: [nul] }],
      ['a project in the body', 'POST', '/v1/identities/', { ...ada('x'), project_id: nul }],
      ['a block', 'POST', '/v1/identities/', { ...ada('x'), block_ids: [`block-${nul}`] }],
    ])('422 for what cannot be stored, wherever it stands: %s', async (_, method, path, body) => {
      const answer = await api.send(method, path, { body });
      expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringMatching(/^body/) } });
    });

    it.each([
      ['a filter by property', '/v1/identities/?property[plan]=%00'],
      ['the key of such a filter', '/v1/identities/?property[%00]=x'],
      ['a cursor', '/v1/identities/?after=%00'],
      ['a key', '/v1/identities/?identifier_key=%00'],
      ['a project', '/v1/identities/?project_id=%00'],
      ['an import', `/v1/imports/${'%00'}`],
      ['a connection', '/v1/connections/%00'],
      ['a run', '/v1/runs/%00'],
    ])('4xx for what cannot be stored in an address: %s', async (_, path) => {
      const { status } = await api.send('GET', path);
      expect([400, 404, 422]).toContain(status);
    });

    it('names no value of a person in what it says', async () => {
      const { body } = await api.send('POST', '/v1/identities/', {
        body: {
          identifier_key: ['ada@example.com'],
          name: { secret: 'ada' },
          identity_type: 'ada-the-first',
        },
      });
      expect(body.detail).not.toMatch(/example\.com|ada-the-first/);
    });

    it('shows a right id for a malformed one', async () =>
      expect((await api.send('GET', '/v1/identities/Ada')).body).toEqual({
        detail: "path.identity_id: String should match pattern 'identity-{uuid4}'",
        code: 'INVALID_REQUEST',
        trace_id: expect.any(String),
        examples: [UNKNOWN],
      }));

    it('400 for a malformed identity id where Letta says so', async () =>
      expect(
        await api.send(
          'PATCH',
          '/v1/agents/agent-123e4567-e89b-42d3-8456-426614174000/identities/attach/foo',
        ),
      ).toMatchObject({
        status: 400,
        body: {
          detail: "INVALID_ARGUMENT: Invalid identity ID format: foo. Expected format: 'identity-<uuid4>'",
        },
      }));

    it.each([
      ['POST', '/v1/identities/count', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'],
      ['POST', `/v1/identities/${UNKNOWN}`, 405, 'METHOD_NOT_ALLOWED', 'DELETE, GET, HEAD, PATCH'],
      ['DELETE', '/v1/identities', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, POST, PUT'],
      ['GET', '/v1/unknown', 404, 'ROUTE_NOT_FOUND', null],
      ['GET', '/%zz', 400, 'INVALID_PATH', null],
      ['GET', `/v1/identities/${'x'.repeat(5_000)}`, 414, 'PATH_TOO_LONG', null],
      ['GET', `/v1/identities/${UNKNOWN}`, 404, 'IDENTITY_NOT_FOUND', null],
      ['GET', `/v1/identities/?after=${UNKNOWN}`, 404, 'CURSOR_NOT_FOUND', null],
    ])('%s %s → %i %s', async (method, path, status, code, allow) => {
      const answer = await api.send(method, path);
      expect(answer).toMatchObject({ status, body: { detail: expect.any(String), code } });
      expect(answer.headers.get('allow')).toBe(allow);
    });

    it('413 for a body beyond all measure, before it is sent', async () =>
      expect(await raw(api, 9_000_000)).toMatchObject({
        status: 413,
        body: { detail: 'The request body is too large', code: 'BODY_TOO_LARGE' },
      }));

    it('422 for bytes that are not UTF-8', async () => {
      const answer = await raw(api, Buffer.from('{"name":"\xff"}', 'latin1'));
      expect(answer).toMatchObject({ status: 422, body: { detail: 'body: expected UTF-8' } });
    });

    it.each([
      ['no HTTP', 'HELLO', 400, 'MALFORMED_REQUEST'],
      ['the HTTP of another time', 'PRI * HTTP/2.0\r\n\r\nSM', 400, 'MALFORMED_REQUEST'],
      ['no Host', 'GET /v1/health HTTP/1.1', 400, 'MALFORMED_REQUEST'],
      [
        'headers without end',
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`,
        431,
        'HEADERS_TOO_LARGE',
      ],
      [
        'an expectation that we have no notion of',
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: miracles',
        417,
        'EXPECTATION_FAILED',
      ],
    ])('answers %s as it answers all that it refuses', async (_, sent, status, code) => {
      const answer = await bytes(api, `${sent}\r\n\r\n`);
      const body = JSON.parse(answer.body);
      expect(answer.status).toBe(status);
      expect(body).toEqual({ detail: STATUS_CODES[status], code, trace_id: expect.stringMatching(TRACE_ID) });
      expect(answer.head).toContain(`x-request-id: ${body.trace_id}`);
    });

    it('refuses a HEAD without a body', async () => {
      const answer = await fetch(`${api.url}/v1/identities/`, { method: 'HEAD' });
      expect([answer.status, await answer.text()]).toEqual([401, '']);
      expect(answer.headers.get('x-request-id')).toMatch(TRACE_ID);
    });
  });

  it('removes a property by its key, whatever is in it', async () => {
    const keys = ['plan', 'a/b', 'ключ', '100%', '__proto__'];
    const properties = keys.map((key) => ({ key, type: 'boolean', value: true }));
    const { id } = await create('removed', { properties });
    for (const key of keys) {
      const path = `/v1/identities/${id}/properties/${encodeURIComponent(key)}`;
      expect((await api.send('DELETE', path)).body.properties).not.toContainEqual(
        expect.objectContaining({ key }),
      );
    }
    expect((await api.send('GET', `/v1/identities/${id}`)).body.properties).toEqual([]);
  });

  describe('the id of a request', () => {
    it('is the trace id it came with, in the answer, in refusals and in the history', async () => {
      const headers = { traceparent: TRACEPARENT };
      const answer = await api.send('POST', '/v1/identities/', { body: ada('traced'), headers });
      expect(answer.headers.get('x-request-id')).toBe(TRACE);
      const events = (await api.send('GET', `/v1/identities/${answer.body.id}/events`)).body;
      expect(events).toMatchObject([{ correlation_id: TRACE }]);
      const again = await api.send('POST', '/v1/identities/', { body: ada('traced'), headers });
      expect(again).toMatchObject({ status: 409, body: { code: 'IDENTIFIER_KEY_TAKEN', trace_id: TRACE } });
    });

    it.each<[string, SendOptions & { path?: string }, string]>([
      ['a key that is none', { key: 'rc_nobody' }, 'UNAUTHORIZED'],
      ['an unknown route', { path: '/v1/unknown' }, 'ROUTE_NOT_FOUND'],
      ['a path that is none', { path: '/%zz' }, 'INVALID_PATH'],
      ['a body that is none', { body: '{' }, 'UNREADABLE_BODY'],
    ])('is the same wherever it is refused: %s', async (_, { path = '/v1/identities/', ...sent }, code) => {
      const answer = await api.send('POST', path, { headers: { traceparent: TRACEPARENT }, ...sent });
      expect(answer.body).toMatchObject({ code, trace_id: TRACE });
    });

    it.each([
      ['an id that is not one of a trace', { 'x-request-id': 'trace-1' }],
      ['a traceparent in capitals', { traceparent: TRACEPARENT.toUpperCase() }],
      ['a traceparent of zeros', { traceparent: TRACEPARENT.replace(TRACE, '0'.repeat(32)) }],
      ['what would break a log', { traceparent: '{"a":\t1}' }],
    ])('is one of ours for %s', async (_, headers) => {
      const id = (await api.send('GET', '/v1/health', { headers })).headers.get('x-request-id');
      expect(id).toMatch(TRACE_ID);
      expect(Object.values(headers).join().toLowerCase()).not.toContain(id);
    });

    it('is one of ours for two traceparents', async () => {
      const head = `GET /v1/health HTTP/1.1\r\nHost: a\r\nConnection: close`;
      const answer = await bytes(
        api,
        `${head}\r\ntraceparent: ${TRACEPARENT}\r\nTraceparent: ${TRACEPARENT}\r\n\r\n`,
      );
      expect(answer.status).toBe(200);
      expect(answer.head).toMatch(/^x-request-id: [0-9a-f]{32}$/im);
      expect(answer.head).not.toContain(TRACE);
    });
  });
});

/** Writes to a bare socket, and reads until the server hangs up. */
async function bytes(
  api: ApiUnderTest,
  sent: string,
): Promise<{ status: number; head: string; body: string }> {
  const { port, hostname } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(sent);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
}

/** An identity with one property, in JSON that `JSON.stringify` would not write. */
function property(value: string, type: string): string {
  const properties = `[{"key":"k","type":"${type}","value":${value}}]`;
  return `{"identifier_key":"x","name":"x","identity_type":"user","properties":${properties}}`;
}

/** Sends bytes that `fetch` would not send as they are, or just the length of what will never come. */
function raw(api: ApiUnderTest, body: Buffer | number): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const length = typeof body === 'number' ? body : body.length;
    const headers = {
      authorization: `Bearer ${api.adminKey}`,
      'content-type': 'application/json',
      'content-length': length,
    };
    const request = httpRequest(
      `${api.url}/v1/identities/`,
      { method: 'POST', headers },
      async (response) => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) });
        request.destroy();
      },
    );
    request.on('error', reject);
    if (typeof body === 'number') request.flushHeaders();
    else request.end(body);
  });
}
