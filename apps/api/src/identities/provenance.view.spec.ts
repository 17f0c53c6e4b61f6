import { expect, it } from '@jest/globals';
import type { FieldOrigin } from '#identity';
import { provenanceToWire } from './provenance.view.js';

const origin = (given: Partial<FieldOrigin>): FieldOrigin => ({
  actor: 'key:1',
  source: 'rest',
  eventId: 'e',
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  removed: false,
  ...given,
});

it('names the record, the connection and the door that each value came by', () => {
  const byRest = origin({});
  const bySync = origin({ actor: 'connection:c-1', source: 'sync', subject: 'contacts:a:7', version: 2 });
  const wire = provenanceToWire(
    new Map([
      ['identifier_key', byRest],
      ['name', bySync],
      ['identity_type', byRest],
      ['properties.plan', origin({ actor: 'import:i', source: 'import' })],
      ['properties.gone', origin({ removed: true })],
    ]),
  );
  expect(wire.name).toEqual({
    source: 'connection',
    actor: 'connection:c-1',
    connection_id: 'c-1',
    stream: 'contacts',
    external_id: 'a:7',
    event_id: 'e',
    version: 2,
    at: '2026-01-01T00:00:00.000Z',
  });
  expect(wire.identity_type).toMatchObject({ source: 'api', actor: 'key:1' });
  expect(wire.identity_type).not.toHaveProperty('connection_id');
  expect(Object.keys(wire.properties)).toEqual(['plan']);
});
