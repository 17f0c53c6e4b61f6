import type { FakeClock } from '../../testing/fake-clock.js';
import { matcherOf, mentionsActive, type Values } from './domain.js';
import { OdooRefusal } from './odoo-errors.js';

export interface FakePartner extends Values {
  readonly id: number;
  readonly active: boolean;
  /** To the microsecond, as in the database: `2026-09-01 10:00:00.250001`. */
  readonly write_date: string;
}

export interface PartnerWrite {
  /** How long the transaction stays open after its writes were dated. */
  readonly visibleAfterMs?: number;
  readonly silent?: boolean;
}

export interface PartnerTableOptions {
  readonly clock: FakeClock;
  readonly emit: (trigger: 'on_create_or_write' | 'on_unlink', partner: FakePartner) => void;
}

interface Row {
  readonly now: FakePartner | null;
  readonly before: FakePartner | null;
  readonly visibleAt: number;
}

/** `res.partner`: one transaction has one write_date, whatever it writes, and is seen when it commits. */
export class PartnerTable {
  private readonly rows = new Map<number, Row>();
  private readonly disguises = new Map<number, unknown>();
  private readonly removedFields = new Set<string>();
  private lastId = 0;
  private transactions = 0;

  constructor(private readonly options: PartnerTableOptions) {}

  create(list: readonly Values[], write: PartnerWrite = {}): FakePartner[] {
    const write_date = this.beginTransaction();
    return list.map((values) => {
      this.lastId += 1;
      const id = this.lastId;
      return this.put({ ...EMPTY, ...values, id, create_date: write_date, write_date }, null, write);
    });
  }

  write(ids: readonly number[], values: Values, write: PartnerWrite = {}): void {
    const write_date = this.beginTransaction();
    for (const id of ids) {
      const before = this.existing(id);
      this.put({ ...before, ...values, id, write_date }, before, write);
    }
  }

  /** A hard delete: the row is gone, and nothing says that it was there. */
  unlink(ids: readonly number[], write: PartnerWrite = {}): void {
    for (const id of ids) {
      const partner = this.existing(id);
      this.rows.delete(id);
      if (!write.silent) this.options.emit('on_unlink', partner);
    }
  }

  /** The wizard for duplicates: the losers are deleted and leave no pointer. */
  merge(winnerId: number, loserIds: readonly number[], write: PartnerWrite = {}): void {
    const losers = loserIds.map((id) => this.existing(id));
    const filled = Object.entries(this.existing(winnerId)).filter(([, value]) => value !== false);
    const gained = Object.assign({}, ...losers, Object.fromEntries(filled));
    this.unlink(loserIds, write);
    this.write([winnerId], gained, write);
  }

  /** Answers for this record with something else from now on: a poison record. */
  disguise(id: number, json: unknown): void {
    this.disguises.set(id, json);
  }

  /** A module is uninstalled, and takes its field with it. */
  removeField(name: string): void {
    this.removedFields.add(name);
  }

  find(id: number): FakePartner | null {
    const row = this.rows.get(id);
    if (!row) return null;
    return row.visibleAt <= this.options.clock.now() ? row.now : row.before;
  }

  visible(): FakePartner[] {
    return [...this.rows.keys()].map((id) => this.find(id)).filter((partner) => partner !== null);
  }

  search({ domain = [], order = 'id asc', limit, offset = 0 }: Search): FakePartner[] {
    const matches = matcherOf(mentionsActive(domain) ? domain : [...domain, ['active', '=', true]]);
    const found = this.visible().filter(matches).sort(byOrder(order));
    return found.slice(offset, limit === undefined ? undefined : offset + limit);
  }

  /** As the API shows a record: times to the second. */
  shown(partner: FakePartner, fields: readonly string[]): unknown {
    const disguise = this.disguises.get(partner.id);
    if (disguise !== undefined) return disguise;
    const names = fields.length > 0 ? ['id', ...fields] : Object.keys(partner);
    return Object.fromEntries(
      names.map((name) => {
        if (!(name in partner) || this.removedFields.has(name))
          throw new OdooRefusal('builtins.ValueError', 500, `Invalid field ${name}`);
        const value = partner[name];
        return [name, name.endsWith('_date') ? String(value).slice(0, 19) : value];
      }),
    );
  }

  private put(now: FakePartner, before: FakePartner | null, write: PartnerWrite): FakePartner {
    const visibleAt = this.options.clock.now() + (write.visibleAfterMs ?? 0);
    this.rows.set(now.id, { now, before, visibleAt });
    if (!write.silent) this.options.emit('on_create_or_write', now);
    return now;
  }

  /** Two transactions never have the same microsecond. */
  private beginTransaction(): string {
    this.transactions += 1;
    const millisecond = new Date(this.options.clock.now()).toISOString().slice(0, 23).replace('T', ' ');
    return `${millisecond}${String(this.transactions % 1000).padStart(3, '0')}`;
  }

  private existing(id: number): FakePartner {
    const partner = this.rows.get(id)?.now;
    if (!partner) throw new OdooRefusal('odoo.exceptions.MissingError', 404, 'Record does not exist');
    return partner;
  }
}

export interface Search {
  readonly domain?: readonly unknown[];
  readonly order?: string;
  readonly limit?: number;
  readonly offset?: number;
}

function byOrder(order: string): (a: FakePartner, b: FakePartner) => number {
  const keys = order.split(',').map((part) => part.trim().split(/\s+/));
  return (a, b) => {
    for (const [field = 'id', direction = 'asc'] of keys) {
      const [left, right] = [a[field], b[field]];
      const difference =
        typeof left === 'number' && typeof right === 'number'
          ? left - right
          : String(left).localeCompare(String(right));
      if (difference !== 0) return direction === 'desc' ? -difference : difference;
    }
    return 0;
  };
}

/** Every field is there, and says `false` when it is empty. */
const EMPTY = {
  name: false,
  email: false,
  phone: false,
  function: false,
  ref: false,
  vat: false,
  website: false,
  city: false,
  country_id: false,
  parent_id: false,
  is_company: false,
  active: true,
  comment: false,
  opt_out: false,
} as const;
