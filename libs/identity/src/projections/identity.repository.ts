import { type Loaded, type PostgresEventStore, Transactor } from '#event-sourcing';
import type { Clock, PoolClient } from '#platform';
import { identityDecider } from '../identity.decider.js';
import { IdentifierKeyTakenError } from '../identity.errors.js';
import { IDENTITY_CATEGORY, type IdentityEvent, identityEvents } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import { type StateRow, stateColumns, stateOf, toColumn } from './identity.row.js';

/** A live identity found by its key. */
export interface FoundIdentity extends Loaded<Identity> {
  readonly id: string;
}

/** Runs decisions on identities, which it loads from their rows: those double as snapshots. */
export class IdentityRepository extends Transactor<Identity, IdentityEvent, PostgresEventStore> {
  constructor(
    readonly store: PostgresEventStore,
    clock?: Clock,
  ) {
    super({
      store,
      category: IDENTITY_CATEGORY,
      decider: identityDecider,
      catalog: identityEvents,
      load: loadIdentity,
      explain: takenKeyOf,
      ...(clock && { clock }),
    });
  }

  /** The same identities inside a transaction of the caller's. */
  within(client: PoolClient): IdentityRepository {
    return new IdentityRepository(this.store.within(client), this.clock);
  }

  /** Live identities of a project by identifier key. */
  async findByKeys(projectId: string | null, keys: readonly string[]): Promise<Map<string, FoundIdentity>> {
    const { rows } = await this.store.executor.query<StateRow>({
      name: 'identities_by_keys',
      // Key by key: a planner that has no statistics yet would read every identity of the project.
      text: `select ${stateColumns} from unnest($1::text[]) as k(key), lateral (select * from identities
        where identifier_key = k.key and project_id = $2 offset 0) as i`,
      values: [keys, toColumn(projectId)],
    });
    return new Map(
      rows.map((row) => [row.identifier_key, { id: row.id, state: stateOf(row), version: row.version }]),
    );
  }

  async findByKey(projectId: string | null, key: string): Promise<FoundIdentity | undefined> {
    const { rows } = await this.store.executor.query<StateRow>({
      name: 'identity_by_key',
      text: `select ${stateColumns} from identities i where identifier_key = $1 and project_id = $2`,
      values: [key, toColumn(projectId)],
    });
    const [row] = rows;
    return row && { id: row.id, state: stateOf(row), version: row.version };
  }

  /** Identities by id, also deleted ones; an id without a stream is not in the answer. */
  async loadMany(identityIds: readonly string[]): Promise<Map<string, Loaded<Identity>>> {
    const { rows } = await this.store.executor.query<LoadedRow>({
      name: 'identities_load',
      text: `${LOAD} = any($1::uuid[])`,
      values: [identityIds],
    });
    return new Map(rows.map((row) => [row.stream_id, loadedFrom(row)]));
  }

  async load(identityId: string): Promise<Loaded<Identity>> {
    return loadIdentity(this.store, identityId);
  }
}

/** One primary-key read: the row is the snapshot; a stream without a row is a deleted identity. */
async function loadIdentity(store: PostgresEventStore, identityId: string): Promise<Loaded<Identity>> {
  const { rows } = await store.executor.query<LoadedRow>({
    name: 'identity_load',
    text: `${LOAD} = $1`,
    values: [identityId],
  });
  const [row] = rows;
  return row ? loadedFrom(row) : { state: { status: 'unknown' }, version: 0 };
}

type LoadedRow = StateRow & { stream_id: string; stream_version: number };

const LOAD = `select s.stream_id, s.version as stream_version, ${stateColumns} from es.streams s
  left join identities i on i.id = s.stream_id where s.stream_id`;

const loadedFrom = (row: LoadedRow): Loaded<Identity> =>
  row.id === null
    ? { state: { status: 'deleted' }, version: row.stream_version }
    : { state: stateOf(row), version: row.version };

/** True when the database rejected a second identity of one key. */
export const isTakenKey = (error: unknown): boolean => {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' && constraint === 'identities_key';
};

/** The unique index names no key of ours: the state that was to be stored does. */
const takenKeyOf = (error: unknown, wanted: Identity): unknown =>
  isTakenKey(error) && wanted.status === 'live'
    ? new IdentifierKeyTakenError(wanted.identifierKey, wanted.projectId, { cause: error })
    : error;
