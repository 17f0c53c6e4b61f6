import { z } from 'zod';
import { type FieldOrigin, IdentityShape, type Provenance } from '#identity';

const OriginShape = z
  .strictObject({
    source: z.string().meta({
      description: 'connection, api, import, queue, cli',
      example: 'connection',
    }),
    actor: z.string().meta({ example: 'connection:019a0b7e-0000-7000-8000-000000000000' }),
    connection_id: z.string().optional(),
    stream: z.string().optional(),
    external_id: z.string().optional().meta({ description: "The record's id at the source." }),
    event_id: z.string(),
    version: z.int(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Origin', description: 'The event that last changed a value.' });

/** An identity with the origin of each of its values. */
export const IdentityWithProvenance = IdentityShape.extend({
  provenance: z.strictObject({
    identifier_key: OriginShape,
    name: OriginShape,
    identity_type: OriginShape,
    properties: z.record(z.string(), OriginShape),
  }),
}).meta({ id: 'IdentityWithProvenance' });

type ProvenanceOnTheWire = z.input<typeof IdentityWithProvenance>['provenance'];

export function provenanceToWire(provenance: Provenance): ProvenanceOnTheWire {
  const there = [...provenance].filter(([, { removed }]) => !removed);
  const origins = new Map(there.map(([field, origin]) => [field, originToWire(origin)]));
  const properties = [...origins].filter(([field]) => field.startsWith(PROPERTIES));
  return {
    ...(Object.fromEntries([...origins].filter(([field]) => !field.startsWith(PROPERTIES))) as Omit<
      ProvenanceOnTheWire,
      'properties'
    >),
    properties: Object.fromEntries(
      properties.map(([field, origin]) => [field.slice(PROPERTIES.length), origin]),
    ),
  };
}

const PROPERTIES = 'properties.';

/** As callers think of the doors. */
const SOURCES: Readonly<Record<string, string>> = { sync: 'connection', rest: 'api' };

function originToWire({ actor, source, subject, eventId, version, at }: FieldOrigin) {
  const [, connection_id] = /^connection:(.+)$/.exec(actor) ?? [];
  const [, stream, external_id] = /^([^:]+):(.+)$/s.exec(subject ?? '') ?? [];
  return {
    source: SOURCES[source] ?? source,
    actor,
    ...(connection_id === undefined ? {} : { connection_id }),
    ...(stream === undefined ? {} : { stream, external_id }),
    event_id: eventId,
    version,
    at,
  };
}
