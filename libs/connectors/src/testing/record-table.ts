import type { FakeClock } from './fake-clock.js';

export type RecordFields = Readonly<Record<string, string | number | null>>;

export interface FakeRecord {
  readonly id: string;
  readonly fields: RecordFields;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly visibleAt: number;
  readonly deleted: boolean;
  readonly mergedInto: string | null;
  /** What the API shows instead of the record, to be poison. */
  readonly disguise?: unknown;
}

export type RecordAction = 'create' | 'update' | 'delete' | 'erase' | 'restore' | 'merge';
export type RecordListener = (action: RecordAction, record: FakeRecord, changed: RecordFields) => void;

export interface RecordTableOptions {
  readonly clock: FakeClock;
  readonly nextId: () => string;
  readonly listener: RecordListener;
  /** How long after a write the listings show it. */
  readonly lagMs?: number;
}

/** The records of one kind in a vendor's fake; ids only grow, and every change is told to the webhooks. */
export class RecordTable {
  private readonly records = new Map<string, FakeRecord>();

  constructor(private readonly options: RecordTableOptions) {}

  create(
    fields: RecordFields,
    { visibleAfterMs, silent = false }: { visibleAfterMs?: number; silent?: boolean } = {},
  ): FakeRecord {
    const now = this.options.clock.now();
    const record = this.keep({
      id: this.options.nextId(),
      fields,
      createdAt: now,
      modifiedAt: now,
      visibleAt: now + (visibleAfterMs ?? this.options.lagMs ?? 0),
      deleted: false,
      mergedInto: null,
    });
    if (!silent) this.options.listener('create', record, fields);
    return record;
  }

  update(id: string, changed: RecordFields): FakeRecord {
    const record = this.live(id);
    const updated = this.touch({ ...record, fields: { ...record.fields, ...changed } });
    this.options.listener('update', updated, changed);
    return updated;
  }

  delete(id: string): void {
    this.options.listener('delete', this.touch({ ...this.live(id), deleted: true }), {});
  }

  erase(id: string): void {
    const record = this.require(id);
    this.records.delete(id);
    this.options.listener('erase', record, {});
  }

  restore(id: string): void {
    const restored = this.touch({ ...this.require(id), deleted: false });
    this.options.listener('restore', restored, restored.fields);
  }

  /** The loser is deleted and points nowhere that the API would show. */
  merge(winner: string, loser: string): FakeRecord {
    const kept = this.touch({
      ...this.live(winner),
      fields: { ...this.live(loser).fields, ...this.live(winner).fields },
    });
    this.options.listener('merge', kept, kept.fields);
    this.options.listener(
      'delete',
      this.touch({ ...this.live(loser), deleted: true, mergedInto: winner }),
      {},
    );
    return kept;
  }

  disguise(id: string, disguise: unknown): void {
    this.keep({ ...this.require(id), disguise });
  }

  find(id: string): FakeRecord | null {
    return this.records.get(id) ?? null;
  }

  /** In the order of their ids. */
  listed(): FakeRecord[] {
    const now = this.options.clock.now();
    return [...this.records.values()].filter(({ deleted, visibleAt }) => !deleted && visibleAt <= now);
  }

  private touch(record: FakeRecord): FakeRecord {
    return this.keep({ ...record, modifiedAt: this.options.clock.now() });
  }

  private keep(record: FakeRecord): FakeRecord {
    this.records.set(record.id, record);
    return record;
  }

  private live(id: string): FakeRecord {
    const record = this.require(id);
    if (record.deleted) throw new Error(`${id} is deleted`);
    return record;
  }

  private require(id: string): FakeRecord {
    const record = this.records.get(id);
    if (!record) throw new Error(`There is no record ${id}`);
    return record;
  }
}
