import type { IdentityEvent } from './identity.events.js';

/** Every id that events ever attached, in the order of their last attachment. */
export class EverAttached {
  private readonly found = new Set<string>();

  constructor(private readonly target: 'agent' | 'block') {}

  take(event: IdentityEvent): void {
    for (const id of attachedBy(event, this.target)) {
      this.found.delete(id);
      this.found.add(id);
    }
  }

  get ids(): string[] {
    return [...this.found];
  }
}

function attachedBy({ type, data }: IdentityEvent, target: 'agent' | 'block'): readonly string[] {
  const field = target === 'agent' ? 'agentIds' : 'blockIds';
  switch (type) {
    case 'IdentityCreated':
      return data[field];
    case 'IdentityModified':
      return data.changes[field]?.added ?? [];
    case 'IdentityAgentAttached':
      return target === 'agent' ? [data.agentId] : [];
    case 'IdentityBlockAttached':
      return target === 'block' ? [data.blockId] : [];
    default:
      return [];
  }
}
