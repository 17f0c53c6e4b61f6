import type { PoolClient } from './pool.js';

export const OLDEST_POSTGRES = 15;

/** The server answers, and yet nothing can be built on it. */
export class ServerUnfitError extends Error {
  override readonly name = 'ServerUnfitError';
  constructor(
    readonly code: 'SERVER_TOO_OLD' | 'SERVER_READ_ONLY',
    message: string,
  ) {
    super(message);
  }
}

/** @throws ServerUnfitError when the server is too old, or takes no writes */
export async function requireFitServer(client: PoolClient): Promise<void> {
  const { rows } = await client.query<ServerState>(
    `select current_setting('server_version') as version, pg_is_in_recovery() as standby,
            current_setting('transaction_read_only') = 'on' as "readOnly"`,
  );
  rejectUnfit(rows[0] as ServerState);
}

interface ServerState {
  readonly version: string;
  readonly standby: boolean;
  readonly readOnly: boolean;
}

export function rejectUnfit({ version, standby, readOnly }: ServerState): void {
  if (Number.parseInt(version, 10) < OLDEST_POSTGRES)
    throw new ServerUnfitError('SERVER_TOO_OLD', `it is version ${version}`);
  if (standby) throw new ServerUnfitError('SERVER_READ_ONLY', 'it is a standby of another server');
  if (readOnly) throw new ServerUnfitError('SERVER_READ_ONLY', 'default_transaction_read_only is on');
}
