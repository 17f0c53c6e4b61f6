import type { z } from 'zod';
import type { RecordedEvent } from '#event-sourcing';
import type { IdentityEvent } from '#identity';
import type { IdentityEventShape } from './history.endpoints.js';

/** An event in the API's spelling. */
export const eventToWire = (event: RecordedEvent<IdentityEvent>): z.input<typeof IdentityEventShape> => ({
  id: event.id,
  type: event.type,
  version: event.version,
  position: event.globalPosition,
  schema_version: event.schemaVersion,
  data: dataToWire(event.data),
  actor: event.metadata.actor,
  source: event.metadata.source,
  correlation_id: event.metadata.correlationId,
  causation_id: event.metadata.causationId ?? null,
  occurred_at: event.metadata.occurredAt,
  recorded_at: event.recordedAt.toISOString(),
});

const WIRE_NAMES: Readonly<Record<string, string>> = {
  identityId: 'identity_id',
  mergedInto: 'merged_into',
  projectId: 'project_id',
  identifierKey: 'identifier_key',
  identityType: 'identity_type',
  agentId: 'agent_id',
  agentIds: 'agent_ids',
  blockId: 'block_id',
  blockIds: 'block_ids',
};
const IDENTITIES = new Set(['identity_id', 'merged_into']);

function dataToWire(data: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const wire = WIRE_NAMES[name] ?? name;
      if (IDENTITIES.has(wire)) return [wire, `identity-${value}`];
      return [wire, name === 'changes' ? dataToWire(value) : value];
    }),
  );
}
