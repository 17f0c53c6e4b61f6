import { mayAccess, type ProjectAccess } from '#identity';
import { inTransaction, type Pool, type PrismaClient, uuidv7 } from '#platform';
import type { Queues } from '#queue';
import type { ConnectionStore } from '../connections/connection.store.js';
import { before, type ListPage, newestFirst } from '../list-page.js';
import { enqueueRecords } from '../sync.jobs.js';
import { QuarantinedRecordNotFoundError, RecordNotReplayableError } from './quarantine.errors.js';
import type { QuarantineStore } from './quarantine.store.js';

export const QUARANTINE_STATUSES = ['waiting', 'discarded'] as const;
export type QuarantineStatus = (typeof QUARANTINE_STATUSES)[number];

/** Which records of a connection; what is absent does not matter. */
export interface QuarantineFilter {
  readonly id?: string | undefined;
  readonly stream?: string | undefined;
  readonly code?: string | undefined;
}

export interface QuarantineList extends QuarantineFilter, ListPage {
  readonly connectionId: string;
  readonly status?: QuarantineStatus | undefined;
}

/** Records that could not be taken: looked at, fetched again, or let go. */
export class Quarantine {
  constructor(
    private readonly parts: {
      readonly pool: Pool;
      readonly prisma: PrismaClient;
      readonly connections: ConnectionStore;
      readonly store: QuarantineStore;
      readonly queues: Queues;
    },
  ) {}

  /** Newest first, without their payload; those that wait, unless asked for the discarded ones. */
  async list(filter: QuarantineList, access: ProjectAccess) {
    const { connectionId, status = 'waiting', stream, code } = filter;
    await this.parts.connections.require(connectionId, access);
    return this.parts.prisma.quarantinedRecord.findMany({
      where: {
        connectionId,
        status,
        ...(stream === undefined ? {} : { stream }),
        ...(code === undefined ? {} : { code }),
        ...before(filter),
      },
      ...newestFirst(filter),
      omit: { payload: true },
    });
  }

  /** @throws QuarantinedRecordNotFoundError also for one that the caller may not see. */
  async get(id: string, access: ProjectAccess) {
    const { payload, ...record } = await this.require(id, access);
    return record;
  }

  /** What the source sent, opened; null when it was discarded, or nothing could be read. */
  async payloadOf(id: string, access: ProjectAccess): Promise<unknown> {
    return this.parts.store.open(await this.require(id, access));
  }

  /** Has the record fetched again. @throws RecordNotReplayableError when it has no id to ask for. */
  async replay(id: string, access: ProjectAccess) {
    const record = await this.get(id, access);
    if ((await this.replayAll(record.connectionId, { id }, access)) === 0)
      throw new RecordNotReplayableError();
    return record;
  }

  /** Has all that match fetched again, by the job that works off webhooks; answers how many those are. */
  async replayAll(connectionId: string, filter: QuarantineFilter, access: ProjectAccess): Promise<number> {
    const { pool, connections, queues } = this.parts;
    await connections.require(connectionId, access);
    const asked = await inTransaction(pool, async (client) => {
      const { rows } = await client.query<AskedRow>(RELEASE, valuesOf(connectionId, filter));
      if (rows.length > 0)
        await client.query(ASK, [
          connectionId,
          rows.map(() => uuidv7()),
          rows.map(({ id }) => `quarantine:${id}`),
          rows.map(({ stream }) => stream),
          rows.map(({ external_id }) => external_id),
        ]);
      return rows.length;
    });
    if (asked > 0) await enqueueRecords(queues, connectionId);
    return asked;
  }

  /** Lets a record go until it changes at the source; its payload is erased. */
  async discard(id: string, access: ProjectAccess) {
    const { connectionId } = await this.get(id, access);
    await this.discardAll(connectionId, { id }, access);
    return this.get(id, access);
  }

  async discardAll(connectionId: string, filter: QuarantineFilter, access: ProjectAccess): Promise<number> {
    await this.parts.connections.require(connectionId, access);
    const { rowCount } = await this.parts.pool.query(DISCARD, valuesOf(connectionId, filter));
    return rowCount ?? 0;
  }

  private async require(id: string, access: ProjectAccess) {
    const { prisma, connections } = this.parts;
    const record = await prisma.quarantinedRecord.findUnique({ where: { id } });
    const connection = record && (await connections.find(record.connectionId));
    if (!connection || !mayAccess(access, connection.projectId)) throw new QuarantinedRecordNotFoundError(id);
    return record;
  }
}

const valuesOf = (connectionId: string, { id, stream, code }: QuarantineFilter): unknown[] => [
  connectionId,
  id ?? null,
  stream ?? null,
  code ?? null,
];

const MATCHES = `connection_id = $1 and ($2::uuid is null or id = $2)
  and ($3::text is null or stream = $3) and ($4::text is null or code = $4)`;

interface AskedRow {
  readonly id: string;
  readonly stream: string;
  readonly external_id: string;
}

/** A discarded record only when it is named itself. One that came without an id cannot be asked for. */
const RELEASE = `
  update quarantined_records set status = 'waiting', discarded_at = null, next_retry_at = now(), updated_at = now()
  where ${MATCHES} and external_id not like 'nameless-%' and ($2::uuid is not null or status = 'waiting')
  returning id, stream, external_id`;

/**
 * Asks for the records the way that a webhook does: kept until done, put off while the source is away. Asking again
 * while a record waits to be fetched changes nothing.
 */
const ASK = `
  insert into webhook_deliveries as d (connection_id, id, dedup_key, stream, external_id, kind, origin)
  select $1, asked.*, 'upsert', 'quarantine' from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as asked
  on conflict (connection_id, dedup_key) do update set status = 'waiting', attempts = 0, error = null,
    processed_at = null, due_at = now(), replays = d.replays + case d.status when 'waiting' then 0 else 1 end`;

const DISCARD = `
  update quarantined_records set status = 'discarded', discarded_at = now(), next_retry_at = null, payload = '',
    updated_at = now()
  where ${MATCHES} and status = 'waiting'`;
