import type pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { databaseLimits } from './database-limits.js';
import { sessionSettings, startupOptions } from './session-settings.js';

export interface ConnectionOptions {
  readonly url: string;
  /** As the database lists the connection: `pg_stat_activity.application_name`. */
  readonly name?: string;
  /** Differences from what every session has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The URL leads to a pooler in transaction mode: settings come from the role, and no statement has a name. */
  readonly pooled?: boolean;
  /** How long one statement may go without an answer; 0 for no limit of ours. */
  readonly answerWithin?: number;
}

/** For a connection whose statements may take up to an hour: migrations, and what a library does in their place. */
export const longWork = {
  settings: { statement_timeout: String(databaseLimits.longStatement) },
  answerWithin: 0,
} as const;

/** One connection's configuration for pg, from the URL; what we rely on wins over what the URL says of it. */
export function connectionConfig({
  url,
  name = 'rollcall',
  settings = {},
  pooled = false,
  answerWithin = databaseLimits.answer,
}: ConnectionOptions): pg.ClientConfig {
  const { options: asked, ...rest } = parseIntoClientConfig(url) as pg.ClientConfig & { options?: string };
  const ours = pooled ? undefined : startupOptions({ ...sessionSettings, ...settings });
  return {
    ...rest,
    application_name: name,
    options: [asked, ours].filter(Boolean).join(' '),
    // Parameters of the startup packet, which a pooler refuses; ours are in `options`.
    statement_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
    query_timeout: answerWithin,
    connectionTimeoutMillis: databaseLimits.connect,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
