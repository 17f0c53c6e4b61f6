import type { Pool, PoolClient } from '#platform';
import { preparedName } from './statement.js';

/** Somebody else moved the checkpoint since it was read: their work stands, ours is rolled back. */
export class CheckpointMovedError extends Error {
  override readonly name = 'CheckpointMovedError';
  readonly code = 'CHECKPOINT_MOVED';
  constructor(subscription: string) {
    super(`Subscription ${subscription} is also run by somebody else, who was faster`);
  }
}

const READ = 'select position from es.checkpoints where subscription = $1';
const MOVE = `update es.checkpoints set position = $3, owner = $4, updated_at = now()
  where subscription = $1 and position = $2`;

/** How far one subscription has read the log. */
export class Checkpoints {
  constructor(
    private readonly pool: Pool,
    private readonly subscription: string,
    private readonly owner: string,
  ) {}

  /** The position, made on first sight. */
  async read(startAt: 'beginning' | 'end'): Promise<number> {
    const { rows } = await this.pool.query<{ position: number }>({
      name: preparedName(READ),
      text: READ,
      values: [this.subscription],
    });
    if (rows[0]) return rows[0].position;
    await this.pool.query(
      `insert into es.checkpoints (subscription, position)
        values ($1, case $2 when 'end' then es.safe_position() else 0 end) on conflict do nothing`,
      [this.subscription, startAt],
    );
    return this.read(startAt);
  }

  /** @throws CheckpointMovedError when it is not at `from` any more. */
  async move(client: PoolClient, from: number, to: number): Promise<void> {
    const { rowCount } = await client.query({
      name: preparedName(MOVE),
      text: MOVE,
      values: [this.subscription, from, to, this.owner],
    });
    if (rowCount !== 1) throw new CheckpointMovedError(this.subscription);
  }
}
