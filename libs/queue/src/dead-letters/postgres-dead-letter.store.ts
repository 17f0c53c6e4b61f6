import {
  inTransaction,
  type Pool,
  type PoolClient,
  type SecretBox,
  SecretUnreadableError,
  uuidv7,
} from '#platform';
import { DeadLetterDiscardedError, DeadLetterNotFoundError } from '../queue.errors.js';
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterPayload,
  NewDeadLetter,
} from './dead-letter.js';
import { COLUMNS, type DeadLetterRow, FILTER, filterValues, fitting, toLetter } from './dead-letter.row.js';
import type { DeadLetterStore, RetriedBatch, SendAgain } from './dead-letter.store.js';

/** Dead letters in table `dead_letters`, payloads sealed: producers put personal data into jobs. */
export class PostgresDeadLetterStore implements DeadLetterStore {
  constructor(
    private readonly pool: Pool,
    private readonly secrets: SecretBox,
  ) {}

  async record({ payload, ...letter }: NewDeadLetter): Promise<void> {
    const id = uuidv7();
    await this.pool.query(
      `insert into dead_letters
         (id, queue, job_name, job_id, job_key, payload, code, reason, attempts, status, failed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', now())
       on conflict (job_key) do update
         set status = 'waiting', code = excluded.code, reason = excluded.reason,
             attempts = excluded.attempts, failed_at = excluded.failed_at, resolved_at = null
         where dead_letters.status <> 'discarded'`,
      [
        id,
        ...[letter.queue, letter.jobName, letter.jobId].map((text) => fitting(text, 200)),
        letter.jobKey,
        this.secrets.seal(JSON.stringify(payload), place(id)),
        fitting(letter.code, 100),
        fitting(letter.reason, 1_000),
        letter.attempts,
      ],
    );
  }

  async settle(jobKey: string): Promise<void> {
    await this.pool.query(
      `update dead_letters set status = 'retried', resolved_at = now() where job_key = $1 and status = 'waiting'`,
      [jobKey],
    );
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: { limit: number; after?: string },
  ): Promise<DeadLetterPage> {
    const { rows } = await this.pool.query<DeadLetterRow>(
      `select ${COLUMNS} from dead_letters
        where ${FILTER} and ($7::uuid is null or id < $7) order by id desc limit $8`,
      [...filterValues(filter), after ?? null, limit + 1],
    );
    const letters = rows.slice(0, limit).map(toLetter);
    return { letters, next: rows.length > limit ? (letters.at(-1)?.id ?? null) : null };
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    const { rows } = await this.pool.query<DeadLetterRow>(
      `select ${COLUMNS} from dead_letters where id = $1`,
      [id],
    );
    return rows[0] && toLetter(rows[0]);
  }

  async payload(id: string): Promise<DeadLetterPayload> {
    const { rows } = await this.pool.query<DeadLetterRow>(
      `select ${COLUMNS}, payload from dead_letters where id = $1`,
      [id],
    );
    return this.open(kept(id, rows[0]));
  }

  retry(id: string, send: SendAgain): Promise<DeadLetter> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<DeadLetterRow>(
        `select ${COLUMNS}, payload from dead_letters where id = $1 for update`,
        [id],
      );
      const row = kept(id, rows[0]);
      if (row.status === 'retried') return toLetter(row);
      await send([{ ...toLetter(row), payload: this.open(row) }]);
      return markRetried(client, [id]).then(([letter]) => letter as DeadLetter);
    });
  }

  retryBatch(
    filter: DeadLetterFilter,
    { limit, after }: { limit: number; after?: string },
    send: SendAgain,
  ): Promise<RetriedBatch> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<DeadLetterRow>(
        `select ${COLUMNS}, payload from dead_letters
          where ${FILTER} and status = 'waiting' and ($7::uuid is null or id > $7)
          order by id limit $8 for update skip locked`,
        [...filterValues(filter), after ?? null, limit],
      );
      const letters = rows.flatMap((row) => this.openedLetter(row));
      if (letters.length > 0) await send(letters);
      await markRetried(
        client,
        letters.map((letter) => letter.id),
      );
      return {
        retried: letters.length,
        unreadable: rows.length - letters.length,
        next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null,
      };
    });
  }

  async discard(id: string): Promise<DeadLetter> {
    const { rows } = await this.pool.query<DeadLetterRow>(
      `update dead_letters
          set status = 'discarded', payload = '', resolved_at = case status when 'discarded' then resolved_at else now() end
        where id = $1 returning ${COLUMNS}`,
      [id],
    );
    if (!rows[0]) throw new DeadLetterNotFoundError(id);
    return toLetter(rows[0]);
  }

  async discardWhere(filter: DeadLetterFilter): Promise<number> {
    const { rowCount } = await this.pool.query(
      `update dead_letters set status = 'discarded', payload = '', resolved_at = now()
        where ${FILTER} and status = 'waiting'`,
      filterValues(filter),
    );
    return rowCount ?? 0;
  }

  async purge(resolvedBefore: Date): Promise<number> {
    const { rowCount } = await this.pool.query(
      `delete from dead_letters where status <> 'waiting' and resolved_at < $1`,
      [resolvedBefore],
    );
    return rowCount ?? 0;
  }

  private open(row: DeadLetterRow): DeadLetterPayload {
    return JSON.parse(this.secrets.open(row.payload ?? Buffer.alloc(0), place(row.id)).toString());
  }

  /** One letter whose key is gone must not hold up the others. */
  private openedLetter(row: DeadLetterRow) {
    try {
      return [{ ...toLetter(row), payload: this.open(row) }];
    } catch (error) {
      if (error instanceof SecretUnreadableError) return [];
      throw error;
    }
  }
}

const place = (id: string): string => `dead-letter:${id}`;

function kept(id: string, row: DeadLetterRow | undefined): DeadLetterRow {
  if (!row) throw new DeadLetterNotFoundError(id);
  if (row.status === 'discarded') throw new DeadLetterDiscardedError(id);
  return row;
}

async function markRetried(client: PoolClient, ids: readonly string[]): Promise<DeadLetter[]> {
  const { rows } = await client.query<DeadLetterRow>(
    `update dead_letters set status = 'retried', resolved_at = now() where id = any($1::uuid[]) returning ${COLUMNS}`,
    [ids],
  );
  return rows.map(toLetter);
}
