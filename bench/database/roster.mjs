import { administer } from './server.mjs';

/** The UUID of the nth identity of a filled roster. */
export const idOf = (number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
export const keyOf = (number) => `person-${number}@example.com`;

const ID = `('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
const PROPERTIES = `jsonb_build_array(
  jsonb_build_object('key', 'plan', 'type', 'string', 'value', case when n % 2 = 0 then 'pro' else 'free' end),
  jsonb_build_object('key', 'seats', 'type', 'number', 'value', n % 50))`;

/** Writes `count` identities straight into the tables, as if each had been created through the front door. */
export async function fillRoster(url, count) {
  const numbers = `generate_series(1, ${count}) n`;
  await administer(
    url,
    `insert into es.streams (stream_id, category, version) select ${ID}, 'identity', 1 from ${numbers}`,
    `insert into es.events (global_position, stream_id, version, event_id, type, data, meta)
      select nextval('es.global_position'), ${ID}, 1, gen_random_uuid(), 'IdentityCreated',
        jsonb_build_object('identityId', ${ID}, 'projectId', null, 'identifierKey', 'person-' || n || '@example.com',
          'name', 'Person ' || n, 'identityType', 'user', 'properties', ${PROPERTIES}, 'agentIds', '[]'::jsonb,
          'blockIds', '[]'::jsonb),
        '{"actor":"bench","source":"cli","correlationId":"bench","occurredAt":"2026-01-01T00:00:00.000Z"}'
      from ${numbers}`,
    `insert into identities (id, version, created_position, identifier_key, name, identity_type, properties,
        created_at, updated_at)
      select ${ID}, 1, e.global_position, 'person-' || n || '@example.com', 'Person ' || n, 'user', ${PROPERTIES},
        now(), now()
      from ${numbers} join es.events e on e.stream_id = ${ID} and e.version = 1`,
    `insert into identity_properties (identity_id, key, value, created_position)
      select i.id, p->>'key', p->>'value', i.created_position
      from identities i, jsonb_array_elements(i.properties) p`,
    'vacuum analyze es.streams',
    'vacuum analyze es.events',
    'vacuum analyze identities',
    'vacuum analyze identity_properties',
  );
}
