// The least that can answer the same requests: a Fastify handler each, with the statements it is sent over pg. No key,
// no validation, no command, no rule, no ETag. Run as a child process.
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { createPool, uuidv7 } from '#platform';

process.once('message', async ({ databaseUrl, statements }) => {
  const pool = createPool({ url: databaseUrl });
  const run = (what, values) => {
    const { name, text, values: recorded } = statements[what];
    // A statement that has changed since these handlers were written is noticed, not measured.
    if (values.length !== recorded.length)
      throw new Error(`"${what}" takes other values than bare-api.mjs gives`);
    return pool.query({ name, text, values });
  };
  const app = Fastify();

  app.post('/v1/identities/', async ({ body }) => {
    const id = randomUUID();
    await run('create', createValues(id, body));
    return { id: `identity-${id}`, ...body, project_id: null, agent_ids: [], block_ids: [] };
  });

  app.patch('/v1/identities/:id', async ({ params, body }) => {
    const id = params.id.slice('identity-'.length);
    const {
      rows: [row],
    } = await run('load', [id]);
    const changed = { ...row, name: body.name, properties: merged(row.properties, body.properties) };
    await run('modify', modifyValues(id, changed, body));
    return onTheWire(changed);
  });

  app.get('/v1/identities/:id', async ({ params }) => {
    const { rows } = await run('retrieve', [params.id.slice('identity-'.length)]);
    return onTheWire(rows[0]);
  });

  app.get('/v1/identities/', async ({ query }) => {
    const { rows } = query.identifier_key
      ? await run('byKey', [query.identifier_key, Number(query.limit)])
      : await run('list', [Number(query.limit)]);
    return rows.map(onTheWire);
  });

  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send({ url: `http://127.0.0.1:${app.server.address().port}` });
});

process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));

const metadata = (occurredAt) =>
  JSON.stringify({ actor: 'bare', source: 'rest', correlationId: uuidv7(), occurredAt });

function createValues(id, body) {
  const at = new Date().toISOString();
  const { identifier_key: key, name, identity_type: type, properties } = body;
  const data = JSON.stringify({
    identityId: id,
    projectId: null,
    identifierKey: key,
    name,
    identityType: type,
    properties,
    agentIds: [],
    blockIds: [],
  });
  return [
    ...[id, 'identity', 0, uuidv7(), 'IdentityCreated', 1, data, metadata(at)],
    ...['', key, name, type, JSON.stringify(properties), [], [], at],
    properties.map((property) => property.key),
    properties.map(({ value }) => String(value)),
  ];
}

function modifyValues(id, row, { name, properties }) {
  const at = new Date().toISOString();
  const changes = { name, properties: { set: properties, removed: [] } };
  const data = JSON.stringify({ identityId: id, changes });
  return [
    ...[id, 'identity', row.stream_version, uuidv7(), 'IdentityModified', 1, data, metadata(at)],
    ...[row.project_id, row.identifier_key, row.name, row.identity_type, JSON.stringify(row.properties)],
    ...[row.agent_ids, row.block_ids, at],
    properties.map((property) => property.key),
    properties.map(({ value }) => String(value)),
  ];
}

const merged = (before, given) => [
  ...new Map([...before, ...given].map((property) => [property.key, property])).values(),
];

const onTheWire = (row) => ({
  id: `identity-${row.id}`,
  identifier_key: row.identifier_key,
  name: row.name,
  identity_type: row.identity_type,
  project_id: null,
  agent_ids: row.agent_ids,
  block_ids: row.block_ids,
  properties: row.properties,
});
