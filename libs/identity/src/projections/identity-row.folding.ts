import type { RecordedEvent } from '#event-sourcing';
import type { IdentityEvent } from '../identity.events.js';
import { IdentityFolding } from '../identity.folding.js';
import { columnsOf, type IdentityRow, stateOf } from './identity.row.js';

type Ages = Pick<IdentityRow, 'id' | 'version' | 'created_position' | 'created_at' | 'updated_at'>;

/** What the fold of a log says a row must be: the rule that inline projection and rebuild both keep. */
export class IdentityRowFolding {
  private readonly identity: IdentityFolding;
  private ages: Ages | undefined;

  constructor(row?: IdentityRow) {
    this.identity = new IdentityFolding(row ? stateOf(row) : { status: 'unknown' });
    this.ages = row;
  }

  /** The version it has come to. */
  get version(): number {
    return this.ages?.version ?? 0;
  }

  take(event: RecordedEvent<IdentityEvent>): void {
    this.identity.take(event);
    const updatedAt = new Date(event.metadata.occurredAt);
    const born = event.type === 'IdentityCreated' ? undefined : this.ages;
    this.ages = {
      id: event.streamId,
      version: event.version,
      created_position: born?.created_position ?? event.globalPosition,
      created_at: born?.created_at ?? updatedAt,
      updated_at: updatedAt,
    };
  }

  /** Nothing for an identity that does not live. */
  row(): IdentityRow | undefined {
    const state = this.identity.state();
    if (state.status !== 'live' || !this.ages) return undefined;
    const { id, version, created_position, created_at, updated_at } = this.ages;
    return { id, version, created_position, ...columnsOf(state), created_at, updated_at };
  }
}
