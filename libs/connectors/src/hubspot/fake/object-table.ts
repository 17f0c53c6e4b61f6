import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeEvent } from './webhook-outbox.js';

export type FakeProperties = Readonly<Record<string, string | null>>;

export interface FakeObject {
  readonly id: string;
  readonly properties: FakeProperties;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly archivedAt: number | null;
  readonly mergedInto: string | null;
}

export interface TableOptions {
  readonly type: 'contacts' | 'companies';
  readonly clock: FakeClock;
  readonly nextId: () => string;
  readonly emit: (event: FakeEvent) => void;
  readonly searchLagMs: number;
}

export interface WriteOptions {
  /** How long search keeps showing what was before; the fake's own lag when not given. */
  readonly visibleAfterMs?: number;
  /** The modification time, when it is not now: late commits, and many records in one millisecond. */
  readonly at?: Date;
  readonly silent?: boolean;
}

/** The records of one type: what is true now, and what the lagging search index shows. */
export class ObjectTable {
  private readonly objects = new Map<string, FakeObject>();
  /** Ids only grow, so the order of insertion is the order of ids. */
  private readonly order: string[] = [];
  private readonly index = new Map<string, { visibleAt: number; object: FakeObject | null }[]>();
  private readonly removed = new Set<string>();
  private readonly disguises = new Map<string, unknown>();

  constructor(private readonly options: TableOptions) {}

  get dateProperty(): string {
    return this.options.type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
  }

  create(properties: FakeProperties, write: WriteOptions = {}): FakeObject {
    const id = this.options.nextId();
    const at = write.at?.getTime() ?? this.options.clock.now();
    const base = { id, properties, createdAt: at, archivedAt: null, mergedInto: null };
    const object = this.put({ ...base, updatedAt: at }, write);
    this.emit(write, { action: 'creation', objectId: id, changeFlag: 'NEW' });
    this.emitChanges(id, properties, write);
    return object;
  }

  update(id: string, properties: FakeProperties, write: WriteOptions = {}): FakeObject {
    const before = this.live(id);
    const updatedAt = write.at?.getTime() ?? this.options.clock.now();
    const object = this.put(
      { ...before, updatedAt, properties: { ...before.properties, ...properties } },
      write,
    );
    this.emitChanges(id, properties, write);
    return object;
  }

  /** Archiving leaves the modification date alone. */
  archive(id: string, write: WriteOptions = {}): void {
    this.put({ ...this.live(id), archivedAt: this.options.clock.now() }, write);
    this.emit(write, { action: 'deletion', objectId: id, changeFlag: 'DELETED' });
  }

  restore(id: string, write: WriteOptions = {}): FakeObject {
    const before = this.objects.get(id);
    if (!before?.archivedAt) throw new Error(`${this.options.type} ${id} is not archived`);
    const object = this.put({ ...before, archivedAt: null }, write);
    this.emit(write, { action: 'restore', objectId: id });
    return object;
  }

  /** A privacy deletion: not even the archive knows the record, and the plain deletion event comes too. */
  erase(id: string, write: WriteOptions = {}): void {
    this.live(id);
    this.objects.delete(id);
    this.indexLater(id, null, write);
    this.emit(write, { action: 'privacyDeletion', objectId: id });
    this.emit(write, { action: 'deletion', objectId: id, changeFlag: 'DELETED' });
  }

  /** The survivor has an id that neither had; both old ids lead to it. */
  merge(primaryId: string, otherId: string, write: WriteOptions = {}): FakeObject {
    const primary = this.live(primaryId);
    const other = this.live(otherId);
    const mergedIds = [primary, other].flatMap(({ id, properties }) => [...previousIds(properties), id]);
    const properties = {
      ...other.properties,
      ...filled(primary.properties),
      hs_merged_object_ids: mergedIds.join(';'),
    };
    const id = this.options.nextId();
    const now = this.options.clock.now();
    const createdAt = Math.min(primary.createdAt, other.createdAt);
    const base = { id, properties, createdAt, updatedAt: now, archivedAt: null, mergedInto: null };
    const winner = this.put(base, write);
    for (const old of mergedIds) this.retire(old, id, write);
    const numberOfPropertiesMoved = Object.keys(filled(other.properties)).length;
    const event = {
      primaryObjectId: primaryId,
      mergedObjectIds: [otherId],
      newObjectId: id,
      numberOfPropertiesMoved,
    };
    this.emit(write, { action: 'merge', objectId: id, ...event });
    return winner;
  }

  /** Answers for this record with something else from now on: a poison record. */
  disguise(id: string, json: unknown): void {
    this.disguises.set(id, json);
  }

  disguiseOf(id: string): unknown {
    return this.disguises.get(id);
  }

  /** Somebody deletes the property in HubSpot's settings: it is as if it had never been. */
  removeProperty(name: string): void {
    this.removed.add(name);
  }

  valueOf({ properties }: FakeObject, name: string): string | null | undefined {
    return this.removed.has(name) ? undefined : (properties[name] ?? null);
  }

  find(id: string): FakeObject | null {
    return this.objects.get(id) ?? null;
  }

  /** Follows merges, as HubSpot does when an old id is asked for. */
  resolve(id: string): FakeObject | null {
    const object = this.objects.get(id);
    return object?.mergedInto ? this.resolve(object.mergedInto) : (object ?? null);
  }

  /** In the order of ids, behind `after`, at most `limit`: found without walking the whole table. */
  listed(archived: boolean, after = '0', limit = Number.POSITIVE_INFINITY): FakeObject[] {
    const page: FakeObject[] = [];
    for (let at = this.firstBehind(Number(after)); at < this.order.length && page.length < limit; at += 1) {
      const object = this.objects.get(this.order[at] ?? '');
      if (object && object.mergedInto === null && (object.archivedAt !== null) === archived)
        page.push(object);
    }
    return page;
  }

  /** What search sees at this moment of the fake's clock. */
  searchable(): FakeObject[] {
    const now = this.options.clock.now();
    const seen: FakeObject[] = [];
    for (const versions of this.index.values()) {
      const object = versions.findLast(({ visibleAt }) => visibleAt <= now)?.object;
      if (object && object.archivedAt === null && object.mergedInto === null) seen.push(object);
    }
    return seen;
  }

  private firstBehind(id: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(this.order[middle]) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private live(id: string): FakeObject {
    const object = this.objects.get(id);
    if (!object || object.archivedAt !== null || object.mergedInto !== null)
      throw new Error(`${this.options.type} has no live record ${id}`);
    return object;
  }

  private retire(id: string, mergedInto: string, write: WriteOptions): void {
    const object = this.objects.get(id);
    if (object) this.put({ ...object, mergedInto }, write);
  }

  private put(object: FakeObject, write: WriteOptions): FakeObject {
    const properties = {
      ...object.properties,
      hs_object_id: object.id,
      createdate: new Date(object.createdAt).toISOString(),
      [this.dateProperty]: new Date(object.updatedAt).toISOString(),
    };
    const stored = { ...object, properties };
    if (!this.objects.has(object.id)) this.order.push(object.id);
    this.objects.set(object.id, stored);
    this.indexLater(object.id, stored, write);
    return stored;
  }

  private indexLater(id: string, object: FakeObject | null, write: WriteOptions): void {
    const now = this.options.clock.now();
    const versions = this.index.get(id) ?? [];
    const current = versions.findLastIndex(({ visibleAt }) => visibleAt <= now);
    const visibleAt = now + (write.visibleAfterMs ?? this.options.searchLagMs);
    this.index.set(id, [...versions.slice(Math.max(current, 0)), { visibleAt, object }]);
  }

  private emitChanges(objectId: string, properties: FakeProperties, write: WriteOptions): void {
    for (const [propertyName, propertyValue] of Object.entries(properties))
      this.emit(write, {
        action: 'propertyChange',
        objectId,
        propertyName,
        propertyValue: propertyValue ?? '',
      });
  }

  private emit(write: WriteOptions, event: Omit<FakeEvent, 'object' | 'occurredAt'>): void {
    if (write.silent) return;
    const object = this.options.type === 'contacts' ? 'contact' : 'company';
    this.options.emit({ object, occurredAt: this.options.clock.now(), ...event });
  }
}

function previousIds({ hs_merged_object_ids: ids }: FakeProperties): string[] {
  return ids ? ids.split(';') : [];
}

function filled(properties: FakeProperties): FakeProperties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== ''));
}
