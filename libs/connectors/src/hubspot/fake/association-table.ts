import type { FakeClock } from '../../testing/fake-clock.js';
import type { ObjectTable } from './object-table.js';
import type { FakeEvent } from './webhook-outbox.js';

type ObjectType = 'contacts' | 'companies';

/** Which contact belongs to which company. A merge takes the associations along; dates stay as they are. */
export class AssociationTable {
  private pairs: { readonly contacts: string; readonly companies: string }[] = [];

  constructor(
    private readonly contacts: ObjectTable,
    private readonly companies: ObjectTable,
    private readonly clock: FakeClock,
    private readonly emit: (event: FakeEvent) => void,
  ) {}

  add(contactId: string, companyId: string): void {
    this.pairs.push({ contacts: contactId, companies: companyId });
    this.tell(contactId, companyId, false);
  }

  remove(contactId: string, companyId: string): void {
    this.pairs = this.pairs.filter(
      ({ contacts, companies }) => contacts !== contactId || companies !== companyId,
    );
    this.tell(contactId, companyId, true);
  }

  /** The live records of the other type that the record is associated with. */
  of(from: ObjectType, id: string): string[] {
    const to = from === 'contacts' ? 'companies' : 'contacts';
    const ends = this.pairs.filter((pair) => this.current(from, pair[from]) === id);
    const ids = ends.map((pair) => this.current(to, pair[to]));
    return [...new Set(ids.filter((other) => other !== null))];
  }

  private current(type: ObjectType, id: string): string | null {
    const object = (type === 'contacts' ? this.contacts : this.companies).resolve(id);
    return object && object.archivedAt === null ? object.id : null;
  }

  private tell(contactId: string, companyId: string, associationRemoved: boolean): void {
    this.emit({
      object: 'contact',
      action: 'associationChange',
      objectId: contactId,
      occurredAt: this.clock.now(),
      fromObjectId: contactId,
      toObjectId: companyId,
      associationType: 'CONTACT_TO_COMPANY',
      associationRemoved,
    });
  }
}
