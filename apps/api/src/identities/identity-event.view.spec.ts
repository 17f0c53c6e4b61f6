import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-sourcing';
import type { IdentityEvent } from '#identity';
import { eventToWire } from './identity-event.view.js';

const identityId = '123e4567-e89b-42d3-8456-426614174000';
const properties = [{ key: 'camelCase', type: 'json', value: { agentId: 'kept' } }] as const;
const events: IdentityEvent[] = [
  {
    type: 'IdentityCreated',
    data: {
      identityId,
      projectId: null,
      identifierKey: 'ada',
      name: 'Ada',
      identityType: 'user',
      properties,
      agentIds: ['a', 'b'],
      blockIds: ['x'],
    },
  },
  {
    type: 'IdentityModified',
    data: {
      identityId,
      changes: {
        identifierKey: 'ada-2',
        identityType: 'org',
        properties: { set: properties, removed: ['plan'] },
        agentIds: { added: ['c'], removed: ['a'] },
        blockIds: { added: ['y'], removed: [] },
      },
    },
  },
  { type: 'IdentityPropertiesUpserted', data: { identityId, properties } },
  { type: 'IdentityPropertyRemoved', data: { identityId, key: 'plan' } },
  { type: 'IdentityAgentAttached', data: { identityId, agentId: 'a' } },
  { type: 'IdentityAgentDetached', data: { identityId, agentId: 'b' } },
  { type: 'IdentityBlockAttached', data: { identityId, blockId: 'z' } },
  { type: 'IdentityBlockDetached', data: { identityId, blockId: 'x' } },
  { type: 'IdentityDeleted', data: { identityId, mergedInto: identityId } },
];

describe('an event on the wire', () => {
  it.each(events)('spells $type as the API does', (event) => {
    const { data } = eventToWire(recorded(event));
    expect(data.identity_id).toBe(`identity-${identityId}`);
    expect(namesIn(data).filter((name) => /[A-Z]/.test(name))).toEqual([]);
  });

  it('leaves properties as they are', () =>
    expect(eventToWire(recorded(events[2] as IdentityEvent)).data.properties).toEqual(properties));

  it('names the identity that lives on', () =>
    expect(eventToWire(recorded(events[8] as IdentityEvent)).data.merged_into).toBe(
      `identity-${identityId}`,
    ));
});

const namesIn = (data: Record<string, unknown>): string[] => [
  ...Object.keys(data),
  ...Object.keys((data.changes as object | undefined) ?? {}),
];

const recorded = (event: IdentityEvent): RecordedEvent<IdentityEvent> =>
  ({
    ...event,
    id: 'id',
    schemaVersion: 1,
    metadata: { actor: 'a', source: 'rest', correlationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z' },
    streamId: identityId,
    version: 1,
    globalPosition: 1,
    recordedAt: new Date(0),
  }) as RecordedEvent<IdentityEvent>;
