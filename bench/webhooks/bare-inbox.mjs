// The least that can keep what a webhook says: a Fastify handler and one insert. No signature, no connection, no job.
import Fastify from 'fastify';
import { createPool, uuidv7 } from '#platform';

const INSERT = `
  insert into webhook_deliveries (connection_id, id, dedup_key, stream, external_id, kind, occurred_at)
  values ($1, $2, $3, $4, $5, $6, $7) on conflict (connection_id, dedup_key) do nothing`;
const CONNECTION = '01999999-9999-7999-8999-999999999999';

process.once('message', async ({ databaseUrl }) => {
  const pool = createPool({ url: databaseUrl });
  const app = Fastify();
  app.post('/', async ({ body: [event] }) => {
    const { eventId, objectId, occurredAt } = event;
    const values = [CONNECTION, uuidv7(), `${eventId}`, 'contacts', `${objectId}`, 'upsert'];
    await pool.query({ name: 'insert', text: INSERT, values: [...values, new Date(occurredAt)] });
    return { new: 1 };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send({ url: `http://127.0.0.1:${app.server.address().port}/` });
});

process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
