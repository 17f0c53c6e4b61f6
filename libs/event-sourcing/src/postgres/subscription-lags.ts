import type { Pool } from '#platform';

/** What a subscription has before it. */
export interface SubscriptionLag {
  readonly position: number;
  /** Positions drawn past its own, also by who has not committed yet. */
  readonly behind: number;
  /** The age of its oldest unhandled event; null: that event's transaction is open, and how long is not ours to see. */
  readonly oldestSeconds: number | null;
}

/** The transaction that keeps the watermark down: appended, and still open. */
export interface WatermarkHolder {
  /** Null: a prepared transaction, which no process has any more. */
  readonly pid: number | null;
  /** Null, as the next two: it is another role's, and ours may not look (`pg_read_all_stats`). */
  readonly application: string | null;
  readonly state: string | null;
  readonly openSeconds: number | null;
}

export interface LogLags {
  readonly subscriptions: ReadonlyMap<string, SubscriptionLag>;
  /** The one that nobody can read past; null when no append is open. */
  readonly holder: WatermarkHolder | null;
}

/**
 * How far each subscription is behind the log, not behind what it could read: what a transaction leaves unread when it
 * stays open after an append is lag like any other. Its events cannot be seen, so their age is that of the transaction.
 * One look into an index for each subscription, and one at the locks.
 */
export async function subscriptionLags(pool: Pool): Promise<LogLags> {
  const { rows } = await pool.query<LagRow>(LAGS);
  const read = rows.filter((row): row is LagRow & { subscription: string } => row.subscription !== null);
  return {
    subscriptions: new Map(read.map((row) => [row.subscription, toLag(row)])),
    holder: rows[0]?.held ? toHolder(rows[0]) : null,
  };
}

interface LagRow {
  readonly subscription: string | null;
  readonly position: number;
  readonly behind: number;
  readonly oldest: number | null;
  readonly held: boolean;
  readonly pid: number | null;
  readonly application: string | null;
  readonly state: string | null;
  readonly open: number | null;
}

function toLag({ position, behind, oldest, held, open }: LagRow): SubscriptionLag {
  const unseen = held ? open : 0;
  return { position, behind, oldestSeconds: behind === 0 ? 0 : ageOf(oldest, unseen) };
}

/** Of events that can be seen and those that cannot; a number that was drawn and rolled back has none. */
function ageOf(seen: number | null, unseen: number | null): number | null {
  if (seen === null) return unseen;
  // Younger than now: the database's clock was set back.
  return Math.max(seen, unseen ?? 0, 0);
}

const toHolder = ({ pid, application, state, open }: LagRow): WatermarkHolder => ({
  pid,
  application,
  state,
  openSeconds: open,
});

/** A statement's text is never looked at: it may hold personal data. */
const LAGS = `
  select c.subscription, c.position, greatest(s.last_value - c.position, 0) as behind,
    extract(epoch from clock_timestamp() - e.recorded_at)::double precision as oldest,
    h.held is not null as held, h.pid, h.application, h.state, h.open
  from es.global_position s
  left join lateral (
    select true as held, l.pid, a.application_name as application, a.state,
      extract(epoch from clock_timestamp() - a.xact_start)::double precision as open
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.objsubid = 1 and l.classid::bigint >> 12 = 7744 and l.granted
      and l.database = (select oid from pg_database where datname = current_database())
    order by ((l.classid::bigint & 4095) << 32) | l.objid::bigint, a.xact_start limit 1) h on true
  left join es.checkpoints c on true
  left join lateral (
    select recorded_at from es.events where global_position > c.position order by global_position limit 1) e on true`;
