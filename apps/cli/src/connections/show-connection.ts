import { stringify } from 'yaml';
import { type ConnectionAnswer, describeSchedule } from './connection-calls.js';

/** Everything about a connection that a person may see, as YAML. */
export function showConnection(connection: ConnectionAnswer, url: string): string {
  const { webhook_url, secret_fingerprints, status_reason, paused_until, next_run_at } = connection;
  return stringify(
    {
      id: connection.id,
      kind: connection.kind,
      name: connection.name,
      project_id: connection.project_id,
      account: connection.account_id,
      status: connection.status,
      ...(status_reason === null ? {} : { status_reason }),
      ...(paused_until === null ? {} : { paused_until }),
      schedule: describeSchedule(connection),
      ...(next_run_at === null ? {} : { next_run_at }),
      webhook: webhook_url.startsWith('/') ? url + webhook_url : webhook_url,
      settings: connection.settings,
      secrets: Object.keys(secret_fingerprints),
      policies: connection.policies,
      mapping_version: connection.mapping_version,
      mapping: connection.mapping,
    },
    { lineWidth: 0 },
  );
}
