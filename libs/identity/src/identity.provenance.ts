import { type EventStore, type RecordedEvent, walkStream } from '#event-sourcing';
import { type IdentityEvent, identityEvents } from './identity.events.js';

/** The event that gave a field its value, or took it away. */
export interface FieldOrigin {
  readonly actor: string;
  readonly source: string;
  /** Of a CRM's record: `<stream>:<external id>`. */
  readonly subject?: string;
  readonly eventId: string;
  readonly version: number;
  /** When it happened, by the writer's clock. */
  readonly at: string;
  /** The field is not there any more. */
  readonly removed: boolean;
}

/** By field: `identifier_key`, `name`, `identity_type`, `properties.<key>`. Empty of a deleted identity. */
export type Provenance = ReadonlyMap<string, FieldOrigin>;

/** Which event last changed each field, up to a version. */
export async function readProvenance(
  store: Pick<EventStore, 'readStream'>,
  identityId: string,
  upTo?: number,
): Promise<Provenance> {
  const fields = new Map<string, FieldOrigin>();
  const stream = { store, catalog: identityEvents, streamId: identityId };
  await walkStream<IdentityEvent>(stream, (event) => note(fields, event), { ...(upTo && { upTo }) });
  return fields;
}

/** The same from an identity's events in order. */
export function provenanceOf(events: readonly RecordedEvent<IdentityEvent>[]): Provenance {
  const fields = new Map<string, FieldOrigin>();
  for (const event of events) note(fields, event);
  return fields;
}

function note(fields: Map<string, FieldOrigin>, event: RecordedEvent<IdentityEvent>): void {
  if (event.type === 'IdentityCreated' || event.type === 'IdentityDeleted') fields.clear();
  const { set, removed } = touchedBy(event);
  for (const field of set) fields.set(field, originOf(event, false));
  for (const field of removed) fields.set(field, originOf(event, true));
}

export const propertyField = (key: string): string => `properties.${key}`;

interface Touched {
  readonly set: readonly string[];
  readonly removed: readonly string[];
}

function touchedBy(event: IdentityEvent): Touched {
  switch (event.type) {
    case 'IdentityCreated':
      return { set: [...Object.values(SCALARS), ...fieldsOf(event.data.properties)], removed: [] };
    case 'IdentityModified': {
      const { properties, ...changes } = event.data.changes;
      const scalars = Object.keys(changes).flatMap((name) => SCALARS[name] ?? []);
      const removed = (properties?.removed ?? []).map(propertyField);
      return { set: [...scalars, ...fieldsOf(properties?.set ?? [])], removed };
    }
    case 'IdentityPropertiesUpserted':
      return { set: fieldsOf(event.data.properties), removed: [] };
    case 'IdentityPropertyRemoved':
      return { set: [], removed: [propertyField(event.data.key)] };
    default:
      return { set: [], removed: [] };
  }
}

const SCALARS: Readonly<Record<string, string>> = {
  identifierKey: 'identifier_key',
  name: 'name',
  identityType: 'identity_type',
};

const fieldsOf = (properties: readonly { readonly key: string }[]): string[] =>
  properties.map(({ key }) => propertyField(key));

const originOf = ({ id, version, metadata }: RecordedEvent, removed: boolean): FieldOrigin => ({
  actor: metadata.actor,
  source: metadata.source,
  ...(metadata.subject === undefined ? {} : { subject: metadata.subject }),
  eventId: id,
  version,
  at: metadata.occurredAt,
  removed,
});
