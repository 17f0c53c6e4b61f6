import { expect, it } from '@jest/globals';
import { EverAttached } from './ever-attached.js';
import type { IdentityEvent } from './identity.events.js';

const identityId = '123e4567-e89b-42d3-8456-426614174000';
const scalars = { projectId: null, identifierKey: 'ada', name: 'Ada', identityType: 'user' } as const;
const agentIds = { added: ['c'], removed: ['a'] };
const blockIds = { added: ['y'], removed: [] };
const events: IdentityEvent[] = [
  {
    type: 'IdentityCreated',
    data: { identityId, ...scalars, properties: [], agentIds: ['a', 'b'], blockIds: ['x'] },
  },
  { type: 'IdentityModified', data: { identityId, changes: { agentIds, blockIds } } },
  { type: 'IdentityAgentAttached', data: { identityId, agentId: 'a' } },
  { type: 'IdentityAgentDetached', data: { identityId, agentId: 'b' } },
  { type: 'IdentityBlockAttached', data: { identityId, blockId: 'z' } },
  { type: 'IdentityBlockDetached', data: { identityId, blockId: 'x' } },
];

it.each([
  ['agent', ['b', 'c', 'a']],
  ['block', ['x', 'y', 'z']],
] as const)('each %s that was ever attached comes in the order of the last time', (target, ids) => {
  const attached = new EverAttached(target);
  for (const event of events) attached.take(event);
  expect(attached.ids).toEqual(ids);
});
