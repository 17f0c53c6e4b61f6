import { inTransaction, type Pool, type PoolClient } from '#platform';
import type { CallLimiter, CallWindow, TakenCall } from './call-limiter.js';

/** The same as in Redis, in one row for each scope, by the clock of PostgreSQL. The row's lock makes callers queue. */
export class PostgresCallLimiter implements CallLimiter {
  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
  ) {}

  async take(scope: string, windows: readonly CallWindow[]): Promise<TakenCall> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<ScopeRow>(
        `insert into ${this.table} as kept (scope) values ($1)
         on conflict (scope) do update set scope = kept.scope
         returning calls, blocked_until, ${NOW_MS} as now`,
        [scope],
      );
      const { calls = {}, blocked_until: blockedUntil = 0, now = 0 } = rows[0] ?? {};
      const recent = windows.map((window) => recentOf(calls, window, now));
      const waits = recent.map(({ times, window }) => waitOf(times, window, now));
      const waitMs = Math.ceil(Math.max(0, blockedUntil - now, ...waits));
      if (waitMs > 0) return { waitMs };
      const counted = recent.map(({ times, window }) => [window.name, [...times, now]]);
      await client.query(`update ${this.table} set calls = calls || $2::jsonb where scope = $1`, [
        scope,
        JSON.stringify(Object.fromEntries(counted)),
      ]);
      return { waitMs };
    });
  }

  async left(scope: string, windows: readonly CallWindow[]): Promise<number[]> {
    const { rows } = await this.pool.query<Pick<ScopeRow, 'calls' | 'now'>>(
      `select calls, ${NOW_MS} as now from ${this.table} where scope = $1`,
      [scope],
    );
    const { calls = {}, now = 0 } = rows[0] ?? {};
    return windows.map((window) => window.limit - recentOf(calls, window, now).times.length);
  }

  async block(scope: string, ms: number): Promise<void> {
    await this.pool.query(
      `insert into ${this.table} as kept (scope, blocked_until) values ($1, ${NOW_MS} + $2)
       on conflict (scope) do update set blocked_until = greatest(kept.blocked_until, excluded.blocked_until)`,
      [scope, ms],
    );
  }

  private get table(): string {
    return callLimitsTable(this.schema);
  }
}

/**
 * Brings up the table beside BullMQ's own. What it holds is worth seconds, so it is not written to the log;
 * after a crash it is empty, and the vendor's own limits guard.
 */
export async function prepareCallLimits(client: PoolClient, schema: string): Promise<void> {
  await client.query(
    `begin;
     select pg_advisory_xact_lock(hashtext('rollcall call limits'));
     create unlogged table if not exists ${callLimitsTable(schema)} (
       scope text primary key,
       calls jsonb not null default '{}',
       blocked_until double precision not null default 0
     );
     commit`,
  );
}

interface ScopeRow {
  readonly calls: Readonly<Record<string, readonly number[]>>;
  readonly blocked_until: number;
  readonly now: number;
}

const NOW_MS = 'extract(epoch from clock_timestamp())::double precision * 1000';

const callLimitsTable = (schema: string): string => `"${schema.replaceAll('"', '""')}".rollcall_call_limits`;

/** A time that is yet to come is left of a clock that was set back, and would block for as long as that was. */
function recentOf(calls: ScopeRow['calls'], window: CallWindow, now: number) {
  return {
    window,
    times: (calls[window.name] ?? []).filter((time) => time > now - window.perMs && time <= now),
  };
}

/** Times only grow, so the one that has to leave first is `excess` places behind the oldest. */
function waitOf(times: readonly number[], { limit, perMs }: CallWindow, now: number): number {
  const excess = times.length - limit;
  return excess < 0 ? 0 : (times[excess] ?? now) + perMs - now + 1;
}
