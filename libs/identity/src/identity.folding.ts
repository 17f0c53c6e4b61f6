import type { Folding } from '#event-sourcing';
import type { IdentityChanges, IdentityCreated, IdentityEvent, SetChange } from './identity.events.js';
import type { Identity, IdentityProperty, LiveIdentity } from './identity.state.js';

/**
 * An identity while events happen to it. A collection is copied at the first event that changes it and changed in place
 * from then on: copying it at each event made 5,000 events of an identity with 1,000 properties cost 300 ms and more.
 */
export class IdentityFolding implements Folding<Identity, IdentityEvent> {
  private copies: Copies = {};

  constructor(private identity: Identity) {}

  take(event: IdentityEvent): void {
    if (event.type === 'IdentityCreated') this.become(created(event.data));
    else if (event.type === 'IdentityDeleted') this.become({ status: 'deleted' });
    // Facts about an identity that is gone change nothing; only a log written by hand could hold one.
    else if (this.identity.status === 'live') this.change(this.identity, changesOf(event));
  }

  state(): Identity {
    const { identity, copies } = this;
    if (identity.status !== 'live') return identity;
    const { properties, agentIds, blockIds } = copies;
    // What is handed out is not ours any more: the next change copies it again.
    this.become({
      ...identity,
      ...(properties && { properties }),
      ...(agentIds && { agentIds: [...agentIds] }),
      ...(blockIds && { blockIds: [...blockIds] }),
    });
    return this.identity;
  }

  private become(identity: Identity): void {
    this.identity = identity;
    this.copies = {};
  }

  private change(
    identity: LiveIdentity,
    { properties, agentIds, blockIds, ...scalars }: IdentityChanges,
  ): void {
    if (properties) this.changeProperties(identity, properties.set, properties.removed);
    if (agentIds) this.changeSet(identity, 'agentIds', agentIds);
    if (blockIds) this.changeSet(identity, 'blockIds', blockIds);
    this.identity = { ...identity, ...scalars };
  }

  private changeProperties(
    identity: LiveIdentity,
    set: readonly IdentityProperty[],
    removed: readonly string[],
  ): void {
    this.copies.properties ??= new Map(identity.properties);
    for (const property of set) this.copies.properties.set(property.key, property);
    for (const key of removed) this.copies.properties.delete(key);
  }

  private changeSet(identity: LiveIdentity, field: SetField, change: SetChange): void {
    const set = this.copies[field] ?? new Set(identity[field]);
    this.copies[field] = set;
    for (const id of change.removed) set.delete(id);
    for (const id of change.added) set.add(id);
  }
}

type SetField = 'agentIds' | 'blockIds';
type Change = Exclude<IdentityEvent, { type: 'IdentityCreated' | 'IdentityDeleted' }>;

function changesOf({ type, data }: Change): IdentityChanges {
  switch (type) {
    case 'IdentityModified':
      return data.changes;
    case 'IdentityPropertiesUpserted':
      return { properties: { set: data.properties, removed: [] } };
    case 'IdentityPropertyRemoved':
      return { properties: { set: [], removed: [data.key] } };
    case 'IdentityAgentAttached':
      return { agentIds: added(data.agentId) };
    case 'IdentityAgentDetached':
      return { agentIds: removed(data.agentId) };
    case 'IdentityBlockAttached':
      return { blockIds: added(data.blockId) };
    case 'IdentityBlockDetached':
      return { blockIds: removed(data.blockId) };
  }
}

const added = (id: string): SetChange => ({ added: [id], removed: [] });
const removed = (id: string): SetChange => ({ added: [], removed: [id] });

/** Collections that are this folding's own. */
type Copies = { properties?: Map<string, IdentityProperty> } & { [Field in SetField]?: Set<string> };

const created = (data: IdentityCreated['data']): LiveIdentity => ({
  status: 'live',
  projectId: data.projectId,
  identifierKey: data.identifierKey,
  name: data.name,
  identityType: data.identityType,
  properties: new Map(data.properties.map((property) => [property.key, property])),
  agentIds: data.agentIds,
  blockIds: data.blockIds,
});
