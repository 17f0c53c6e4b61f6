import type { FakeClock } from '../../testing/fake-clock.js';
import { to18 } from '../salesforce.ids.js';
import { type FakeField, findField, ID_PREFIX, type SObjectType } from './field-definitions.js';
import { FakeRefusal, unknownField } from './salesforce-errors.js';

export type FakeValue = string | number | boolean | null;
export type FakeValues = Readonly<Record<string, FakeValue>>;

export interface FakeRecord {
  readonly id: string;
  readonly values: Record<string, FakeValue>;
  readonly createdAt: number;
  modifiedAt: number;
  deleted: boolean;
  masterRecordId: string | null;
  /** A transaction that commits late is dated when it wrote, and seen when it is through. */
  readonly visibleAt: number;
  disguise?: object;
}

export interface WriteOptions {
  readonly silent?: boolean;
  readonly visibleAfterMs?: number;
}

export type FakeChange = 'CREATE' | 'UPDATE' | 'DELETE' | 'UNDELETE';

export interface TableOptions {
  readonly type: SObjectType;
  readonly clock: FakeClock;
  readonly emit: (change: FakeChange, type: SObjectType, id: string) => void;
}

/** Contacts, accounts or leads: what is there, what lies in the recycle bin, and what was purged from it. */
export class SObjectTable {
  private readonly records = new Map<string, FakeRecord>();
  private readonly hidden = new Set<string>();
  private count = 0;

  constructor(private readonly options: TableOptions) {}

  get type(): SObjectType {
    return this.options.type;
  }

  /** As the integration user sees it: a field that security hides does not exist. */
  field(name: string): FakeField | undefined {
    const found = findField(this.type, name);
    return found && !this.hidden.has(found.name) ? found : undefined;
  }

  hide(name: string): void {
    this.hidden.add(name);
  }

  create(values: FakeValues, { silent = false, visibleAfterMs = 0 }: WriteOptions = {}): FakeRecord {
    this.check(values);
    const now = this.options.clock.now();
    const record: FakeRecord = {
      id: this.nextId(),
      values: { ...values },
      createdAt: now,
      modifiedAt: now,
      deleted: false,
      masterRecordId: null,
      visibleAt: now + visibleAfterMs,
    };
    this.records.set(record.id, record);
    if (!silent) this.options.emit('CREATE', this.type, record.id);
    return record;
  }

  update(id: string, values: FakeValues): void {
    this.check(values);
    const record = this.live(id);
    Object.assign(record.values, values);
    this.touch(record, 'UPDATE');
  }

  /** Into the recycle bin. */
  remove(id: string): void {
    const record = this.live(id);
    record.deleted = true;
    this.touch(record, 'DELETE');
  }

  undelete(id: string): void {
    const record = this.known(id);
    if (!record.deleted) throw new FakeRefusal('UNDELETE_FAILED', 'entity is not in the recycle bin');
    record.deleted = false;
    record.masterRecordId = null;
    this.touch(record, 'UNDELETE');
  }

  /** Deletes for good: no query sees it any more. */
  purge(id: string): void {
    const { deleted } = this.known(id);
    this.records.delete(to18(id));
    if (!deleted) this.options.emit('DELETE', this.type, to18(id));
  }

  /** Up to three records become one: the others go to the recycle bin and point to it. */
  merge(winner: string, ...losers: string[]): FakeRecord {
    if (losers.length < 1 || losers.length > 2)
      throw new FakeRefusal('INVALID_ARGUMENT', 'a merge takes one or two records beside the master');
    const master = this.live(winner);
    for (const id of losers) {
      const loser = this.live(id);
      for (const [name, value] of Object.entries(loser.values)) master.values[name] ??= value;
      loser.masterRecordId = master.id;
      loser.deleted = true;
      this.touch(loser, 'DELETE');
    }
    this.touch(master, 'UPDATE');
    return master;
  }

  /** What queries answer for it instead: a record that an app spoiled. */
  disguise(id: string, as: object): void {
    this.known(id).disguise = as;
  }

  find(id: string): FakeRecord | undefined {
    const record = this.records.get(to18(id));
    return record && record.visibleAt <= this.options.clock.now() ? record : undefined;
  }

  visible(): FakeRecord[] {
    const now = this.options.clock.now();
    return [...this.records.values()].filter(({ visibleAt }) => visibleAt <= now);
  }

  liveCount(): number {
    return this.visible().filter(({ deleted }) => !deleted).length;
  }

  private touch(record: FakeRecord, change: FakeChange): void {
    record.modifiedAt = this.options.clock.now();
    this.options.emit(change, this.type, record.id);
  }

  private check(values: FakeValues): void {
    for (const name of Object.keys(values))
      if (!findField(this.type, name))
        throw new FakeRefusal('INVALID_FIELD', unknownField(name, this.type).message);
  }

  private known(id: string): FakeRecord {
    const record = this.records.get(to18(id));
    if (!record) throw new FakeRefusal('NOT_FOUND', 'The requested resource does not exist', 404);
    return record;
  }

  private live(id: string): FakeRecord {
    const record = this.known(id);
    if (record.deleted) throw new FakeRefusal('ENTITY_IS_DELETED', 'entity is deleted', 404);
    return record;
  }

  /** Ids grow, in the order of their characters, and differ in case alone now and then. */
  private nextId(): string {
    this.count += 1;
    let rest = this.count;
    let digits = '';
    for (let place = 0; place < 5; place += 1) {
      digits = BASE_62.charAt(rest % 62) + digits;
      rest = Math.floor(rest / 62);
    }
    return to18(`${ID_PREFIX[this.type]}5g00000${digits}`);
  }
}

const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
