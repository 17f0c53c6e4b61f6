// A process that follows the log and keeps what it handles, until somebody kills it. DATABASE_URL names the log,
// SUBSCRIPTION the checkpoint, BATCH_SIZE how many events share a transaction.
import { PostgresEventStore, Subscription } from '#event-sourcing';
import { createPool } from '#platform';

const { DATABASE_URL: url, SUBSCRIPTION: name = 'killed', BATCH_SIZE: batchSize = '5' } = process.env;
const pool = createPool({ url, max: 2 });

const keep = `insert into handled (event_id)
  select id from unnest($1::uuid[]) with ordinality as page (id, place) order by place`;

new Subscription({
  name,
  pool,
  store: new PostgresEventStore(pool),
  batchSize: Number(batchSize),
  pollEveryMs: 5,
  retry: { firstDelayMs: 50, longestDelayMs: 500, stuckAfter: 1_000 },
  handle: async (events, client) => {
    await client.query(keep, [events.map(({ id }) => id)]);
    process.stdout.write('handled\n'); // The checkpoint is not committed yet: the best moment to be killed.
  },
}).start();
