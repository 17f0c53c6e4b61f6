import type { FakeClock } from '../../testing/fake-clock.js';
import type { PipedriveEntity } from './webhook-outbox.js';

export type ItemFields = Readonly<Record<string, unknown>>;

export interface FakeItem {
  readonly id: number;
  readonly fields: ItemFields;
  readonly addedAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  /** Before this nobody sees the record: a commit that is late. */
  readonly visibleAt: number;
}

export interface ItemChange {
  readonly entity: PipedriveEntity;
  readonly action: 'create' | 'change' | 'delete';
  readonly item: FakeItem;
  readonly previous: ItemFields | null;
  readonly mergedTo?: number;
}

export interface ItemTableOptions {
  readonly entity: PipedriveEntity;
  readonly clock: FakeClock;
  readonly nextId: () => number;
  readonly emit: (change: ItemChange) => void;
}

export interface ItemWrite {
  readonly visibleAfterMs?: number;
  readonly silent?: boolean;
}

/** The persons or the organizations of a company. */
export class ItemTable {
  private readonly items = new Map<number, FakeItem>();
  private readonly disguises = new Map<number, unknown>();

  constructor(private readonly options: ItemTableOptions) {}

  create(fields: ItemFields, write: ItemWrite = {}): FakeItem {
    const now = this.options.clock.now();
    const visibleAt = now + (write.visibleAfterMs ?? 0);
    const id = this.options.nextId();
    const item = { id, fields, addedAt: now, updatedAt: now, deletedAt: null, visibleAt };
    this.items.set(id, item);
    this.emit(write, { action: 'create', item, previous: null });
    return item;
  }

  update(id: number, fields: ItemFields, write: ItemWrite = {}): FakeItem {
    const before = this.live(id);
    const custom = { ...object(before.fields.custom_fields), ...object(fields.custom_fields) };
    const merged = { ...before.fields, ...fields, custom_fields: custom };
    const item = this.put({ ...before, fields: merged });
    const previous = Object.fromEntries(Object.keys(fields).map((key) => [key, before.fields[key] ?? null]));
    this.emit(write, { action: 'change', item, previous });
    return item;
  }

  /** For thirty days the record is only marked; lists leave it out. */
  delete(id: number, write: ItemWrite = {}): void {
    const item = this.put({ ...this.live(id), deletedAt: this.options.clock.now() });
    this.emit(write, { action: 'delete', item, previous: item.fields });
  }

  restore(id: number, write: ItemWrite = {}): FakeItem {
    const before = this.items.get(id);
    if (!before?.deletedAt) throw new Error(`${this.options.entity} ${id} is not deleted`);
    const item = this.put({ ...before, deletedAt: null });
    this.emit(write, { action: 'change', item, previous: {} });
    return item;
  }

  /** After thirty days, or at once: nobody knows the id any more. */
  erase(id: number, write: ItemWrite = {}): void {
    const item = this.live(id);
    this.items.delete(id);
    this.emit(write, { action: 'delete', item, previous: item.fields });
  }

  /** The loser is gone without a pointer; only its webhook says where it went. */
  merge(winnerId: number, loserId: number, write: ItemWrite = {}): FakeItem {
    const [winner, loser] = [this.live(winnerId), this.live(loserId)];
    this.items.delete(loserId);
    const item = this.put({ ...winner, fields: { ...loser.fields, ...filled(winner.fields) } });
    this.emit(write, { action: 'delete', item: loser, previous: loser.fields, mergedTo: winnerId });
    this.emit(write, { action: 'change', item, previous: winner.fields });
    return item;
  }

  /** Answers for this record with something else from now on: a poison record. */
  disguise(id: number, json: unknown): void {
    this.disguises.set(id, json);
  }

  disguiseOf(id: number): unknown {
    return this.disguises.get(id);
  }

  find(id: number): FakeItem | null {
    const item = this.items.get(id);
    return item && item.visibleAt <= this.options.clock.now() ? item : null;
  }

  /** In the order of ids, deleted ones among them. */
  visible(): FakeItem[] {
    const now = this.options.clock.now();
    return [...this.items.values()].filter(({ visibleAt }) => visibleAt <= now);
  }

  private live(id: number): FakeItem {
    const item = this.items.get(id);
    if (!item || item.deletedAt !== null) throw new Error(`There is no ${this.options.entity} ${id}`);
    return item;
  }

  private put(item: FakeItem): FakeItem {
    const stored = { ...item, updatedAt: this.options.clock.now() };
    this.items.set(item.id, stored);
    return stored;
  }

  private emit(write: ItemWrite, change: Omit<ItemChange, 'entity'>): void {
    if (!write.silent) this.options.emit({ entity: this.options.entity, ...change });
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function filled(fields: ItemFields): ItemFields {
  const empty = (value: unknown) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !empty(value)));
}
