import type { IdentityEvent } from '#identity';

/** Every id these events ever attached, in the order of their last attachment. */
export function everAttached(events: Iterable<IdentityEvent>, target: 'agent' | 'block'): string[] {
  const ids = new Set<string>();
  for (const event of events) {
    for (const id of attachedBy(event, target)) {
      ids.delete(id);
      ids.add(id);
    }
  }
  return [...ids];
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
