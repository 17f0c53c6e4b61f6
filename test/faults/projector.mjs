// A process that keeps a table of its own from the log: one row for each stream, with a hash over all its events. Run
// by rebuilt-projection.int-spec.ts; TABLE names the table and the checkpoint.
import { PostgresEventStore, Subscription } from '#event-sourcing';
import { createPool } from '#platform';

const { DATABASE_URL: url, TABLE: table } = process.env;
const pool = createPool({ url, max: 2 });

const keep = `insert into ${table} as t (stream_id, version, events, hash) values ($1, $2, 1, md5($3))
  on conflict (stream_id) do update
    set version = excluded.version, events = t.events + 1, hash = md5(t.hash || $3)`;

new Subscription({
  name: table,
  pool,
  store: new PostgresEventStore(pool),
  batchSize: 50,
  pollEveryMs: 5,
  retry: { firstDelayMs: 50, longestDelayMs: 500, stuckAfter: 1_000 },
  handle: async (events, client) => {
    for (const { streamId, version, id } of events) await client.query(keep, [streamId, version, id]);
    process.stdout.write('handled\n');
  },
}).start();
