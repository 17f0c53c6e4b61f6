// A process that follows the log and keeps what it handles, until somebody kills it. Run by killed-subscriber.int-spec.ts.
import { PostgresEventStore, Subscription } from '#event-sourcing';
import { createPool } from '#platform';

const pool = createPool({ url: process.env.DATABASE_URL, max: 2 });

new Subscription({
  name: 'killed',
  pool,
  store: new PostgresEventStore(pool),
  batchSize: 5,
  pollEveryMs: 5,
  handle: async (events, client) => {
    for (const { id } of events) await client.query('insert into handled (event_id) values ($1)', [id]);
    process.stdout.write('handled\n'); // The checkpoint is not committed yet: the best moment to be killed.
  },
}).start();
