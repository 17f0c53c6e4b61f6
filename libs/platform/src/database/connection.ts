import { BoundedClient } from './bounded-client.js';
import { sayOnceWhenLost } from './bounded-pool.js';
import { type ConnectionOptions, connectionConfig } from './connection-config.js';
import { translated } from './database-unavailable.js';
import type { PoolClient } from './pool.js';

/**
 * Runs `work` on a connection of its own, outside every pool, which ends with it. For what happens once, at a start or
 * in a tool.
 * @throws DatabaseUnavailableError when it cannot be made or does not last, with what was said as its cause
 */
export async function withConnection<T>(
  options: ConnectionOptions,
  work: (client: BoundedClient & PoolClient) => Promise<T>,
): Promise<T> {
  const client = new BoundedClient({ ...connectionConfig(options), unnamed: options.pooled === true });
  sayOnceWhenLost(client, options.name);
  try {
    await client.connect().catch((error: unknown) => {
      throw translated(error);
    });
    // Its statements' errors are translated already, and what else the work throws is its own to say.
    return await work(client);
  } finally {
    await client.end();
  }
}
