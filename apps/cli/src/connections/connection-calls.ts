import { z } from 'zod';
import type { ApiClient } from '../api-client.js';

/** What the commands show of a connection. */
export const ConnectionAnswer = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  project_id: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
  mapping: z.record(z.string(), z.record(z.string(), z.unknown())),
  mapping_version: z.number(),
  status: z.string(),
  status_reason: z.string().nullable(),
  paused_until: z.string().nullable(),
  account_id: z.string().nullable(),
  every_seconds: z.number().nullable(),
  cron: z.string().nullable(),
  time_zone: z.string(),
  next_run_at: z.string().nullable(),
  policies: z.record(z.string(), z.unknown()),
  secret_fingerprints: z.record(z.string(), z.string()),
  webhook_url: z.string(),
});
export type ConnectionAnswer = z.output<typeof ConnectionAnswer>;

export class UnknownConnectionError extends Error {
  override readonly name = 'UnknownConnectionError';
  readonly code = 'UNKNOWN_CONNECTION';
  constructor(nameOrId: string) {
    super(`No connection is called ${nameOrId}; \`rollcall connections list\` shows them`);
  }
}

export const listConnections = (api: ApiClient): Promise<ConnectionAnswer[]> =>
  api.call('GET', '/v1/connections', z.array(ConnectionAnswer));

/** By id, or by the name that people gave it. */
export async function findConnection(api: ApiClient, nameOrId: string): Promise<ConnectionAnswer> {
  const connections = await listConnections(api);
  const found = connections.find(({ id, name }) => id === nameOrId || name === nameOrId);
  if (!found) throw new UnknownConnectionError(nameOrId);
  return found;
}

export function describeSchedule({
  every_seconds,
  cron,
  time_zone,
}: Pick<ConnectionAnswer, 'every_seconds' | 'cron' | 'time_zone'>): string {
  if (cron !== null) return `${cron} (${time_zone})`;
  return every_seconds === null ? 'when asked' : `every ${every_seconds} s`;
}
