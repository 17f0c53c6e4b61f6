import { inTransaction, type Pool, type PoolClient } from '#platform';
import { CommandAlreadyRecordedError, DuplicateEventError, WrongExpectedVersionError } from '../errors.js';
import type { Event, EventMetadata, RecordedEvent } from '../event.js';
import {
  type AppendOptions,
  type AppendResult,
  COMMAND_LIFETIME_HOURS,
  type CommandRecord,
  type EventStore,
  type LogPage,
  type StreamAppend,
} from '../event-store.js';
import { appendManyStatement, appendOneStatement, type Statement } from './append-statement.js';
import type { InlineProjection } from './inline-projection.js';
import { preparedName } from './statement.js';

/** The log in schema `es` (prisma/migrations). Each append is one statement: events, command and inline projections. */
export class PostgresEventStore implements EventStore {
  constructor(
    private readonly pool: Pool,
    private readonly projections: readonly InlineProjection[] = [],
    private readonly client?: PoolClient,
  ) {}

  /** Where all writes leave for the database, one statement each: append-statement.ts, with what the projections add. */
  async append(
    streams: readonly StreamAppend[],
    { command }: AppendOptions = {},
  ): Promise<readonly AppendResult[]> {
    const [first] = streams;
    if (!first) return [];
    const statement =
      streams.length === 1 && first.events.length === 1
        ? appendOneStatement(first, this.projectionsOf([first]), command)
        : appendManyStatement(streams, this.projectionsOf(streams), command);
    const rows = await this.run<AppendedRow>(statement).catch(translate);
    const byStream = new Map(rows.map((row) => [row.stream_id, row]));
    return streams.map(({ streamId }) => toResult(streamId, byStream.get(streamId)));
  }

  async recordCommand({ key, requestHash, result }: CommandRecord): Promise<void> {
    const text = 'insert into es.commands (idempotency_key, request_hash, result) values ($1, $2, $3)';
    await this.run({ text, values: [key, requestHash, JSON.stringify(result)] }).catch(translate);
  }

  async findCommand(key: string): Promise<CommandRecord | undefined> {
    const text = `select request_hash, result, ${IS_EXPIRED} as expired from es.commands where idempotency_key = $1`;
    const [row] = await this.run<CommandRow>({ text, values: [key] });
    if (row?.expired) await this.forgetExpired(key);
    return row && !row.expired ? { key, requestHash: row.request_hash, result: row.result } : undefined;
  }

  async readStream(streamId: string, { after = 0, upTo }: { after?: number; upTo?: number } = {}) {
    const text = `select * from es.events where stream_id = $1 and version > $2 and version <= $3 order by version`;
    const rows = await this.run<EventRow>({
      text,
      values: [streamId, after, upTo ?? Number.MAX_SAFE_INTEGER],
    });
    return rows.map(toRecordedEvent);
  }

  async versionAt(streamId: string, time: Date): Promise<number> {
    // The log counts microseconds, and whoever asks has read milliseconds from it: the whole millisecond belongs to it.
    const text = 'select max(version) as version from es.events where stream_id = $1 and recorded_at < $2';
    const values = [streamId, new Date(time.getTime() + 1)];
    const [row] = await this.run<{ version: number | null }>({ text, values });
    return row?.version ?? 0;
  }

  async readAll(after: number, limit: number): Promise<LogPage> {
    // Two statements, each with a snapshot of its own: the events must be read after the watermark.
    const [row] = await this.run<{ safe: number }>({ text: 'select es.safe_position() as safe', values: [] });
    const text = `select * from es.events where global_position > $1 and global_position <= $2
      order by global_position limit $3`;
    const rows = await this.run<EventRow>({ text, values: [after, row?.safe ?? after, limit] });
    const events = rows.map(toRecordedEvent);
    const full = events.length === limit ? events.at(-1) : undefined;
    return { events, safe: full?.globalPosition ?? Math.max(after, row?.safe ?? after) };
  }

  async exclusively<T>(streamId: string, work: (store: this) => Promise<T>): Promise<T> {
    return this.together(async (store) => {
      await store.executor.query('select 1 from es.streams where stream_id = $1 for update', [streamId]);
      return work(store as this);
    });
  }

  /** Runs `work` on a store whose appends stand or fall together. */
  async together<T>(work: (store: PostgresEventStore) => Promise<T>): Promise<T> {
    if (this.client) return work(this);
    return inTransaction(this.pool, (client) => work(this.within(client)));
  }

  /** The same store inside a transaction of the caller's. */
  within(client: PoolClient): PostgresEventStore {
    return new PostgresEventStore(this.pool, this.projections, client);
  }

  /** What this store runs on: a caller that must read inside its transaction uses this. */
  get executor(): Pool | PoolClient {
    return this.client ?? this.pool;
  }

  /** Its row would refuse the key's next use until the clean-up comes by. */
  private async forgetExpired(key: string): Promise<void> {
    await this.run({
      text: `delete from es.commands where idempotency_key = $1 and ${IS_EXPIRED}`,
      values: [key],
    });
  }

  private projectionsOf(streams: readonly StreamAppend[]): readonly InlineProjection[] {
    return this.projections.filter(({ category }) => streams.some((stream) => stream.category === category));
  }

  private async run<Row extends object>({ text, values }: Statement): Promise<Row[]> {
    const { rows } = await this.executor.query<Row>({ name: preparedName(text), text, values });
    return rows;
  }
}

const IS_EXPIRED = `created_at <= now() - interval '${COMMAND_LIFETIME_HOURS} hours'`;

interface CommandRow {
  readonly request_hash: Buffer;
  readonly result: unknown;
  readonly expired: boolean;
}

interface AppendedRow {
  readonly stream_id: string;
  readonly version: number;
  readonly global_position: number;
}

/** A row of `es.events` as pg answers it. */
export interface EventRow {
  readonly global_position: number;
  readonly stream_id: string;
  readonly version: number;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: unknown;
  readonly meta: EventMetadata;
  readonly recorded_at: Date;
}

function toResult(streamId: string, row: AppendedRow | undefined): AppendResult {
  if (!row) throw new Error(`The append answered nothing for stream ${streamId}`);
  return { streamId, version: row.version, globalPosition: row.global_position };
}

/** A row of `es.events` as the event it records. */
export const toRecordedEvent = (row: EventRow): RecordedEvent<Event> => ({
  id: row.event_id,
  type: row.type,
  schemaVersion: row.schema_version,
  data: row.data,
  metadata: row.meta,
  streamId: row.stream_id,
  version: row.version,
  globalPosition: row.global_position,
  recordedAt: row.recorded_at,
});

/** What the database rejects, in our words; anything else goes on as it is. */
function translate(error: unknown): never {
  const { code, constraint } = error as { code?: string; constraint?: string };
  if (code === 'ES001') throw new WrongExpectedVersionError({ cause: error });
  if (code === '23505' && constraint === 'commands_pkey') {
    throw new CommandAlreadyRecordedError('This command is on record already', { cause: error });
  }
  if (code === '23505' && constraint === 'events_event_id') {
    throw new DuplicateEventError('An event with this id is in the log already', { cause: error });
  }
  // Two first writers of one stream: the second finds it there.
  if (code === '23505' && (constraint === 'streams_pkey' || constraint === 'events_pkey')) {
    throw new WrongExpectedVersionError({ cause: error });
  }
  throw error;
}
