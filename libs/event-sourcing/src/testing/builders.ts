import { uuidv4, uuidv7 } from '#platform';
import type { NewEvent } from '../event.js';
import type { CommandRecord, StreamAppend } from '../event-store.js';

/** An event that means nothing in particular. */
export const anEvent = (data: unknown = {}): NewEvent => ({
  id: uuidv7(),
  type: 'SomethingHappened',
  schemaVersion: 1,
  data,
  metadata: { actor: 'key:1', source: 'rest', correlationId: 'c-1', occurredAt: '2026-11-23T12:00:00.000Z' },
});

/** One event on a stream that does not exist yet; say what differs. */
export const anAppend = (given: Partial<StreamAppend> = {}): StreamAppend => ({
  streamId: uuidv4(),
  category: 'thing',
  expectedVersion: 0,
  events: [anEvent()],
  ...given,
});

export const aCommand = (given: Partial<CommandRecord> = {}): CommandRecord => ({
  key: uuidv7(),
  requestHash: Buffer.from('the request'),
  result: { answer: 42 },
  ...given,
});
