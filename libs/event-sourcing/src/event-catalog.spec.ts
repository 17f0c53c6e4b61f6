import { describe, expect, it } from '@jest/globals';
import type { Event, RecordedEvent } from './event.js';
import { EventCatalog, UnknownEventError } from './event-catalog.js';
import { anEvent } from './testing/builders.js';

type Named = Event<'Named', { first: string; last: string }>;

const catalog = new EventCatalog<Named>({
  Named: [
    (data) => ({ full: (data as { name: string }).name }),
    (data) => {
      const [first, last] = (data as { full: string }).full.split(' ');
      return { first, last };
    },
  ],
});

describe('an event catalog', () => {
  it.each([
    [1, { name: 'Ada Lovelace' }],
    [2, { full: 'Ada Lovelace' }],
    [3, { first: 'Ada', last: 'Lovelace' }],
  ])('brings data of version %i up to the current one', (schemaVersion, data) =>
    expect(catalog.upcast(stored({ schemaVersion, data }))).toMatchObject({
      schemaVersion: 3,
      data: { first: 'Ada', last: 'Lovelace' },
    }),
  );

  it('knows the current version of a type', () => expect(catalog.currentVersion('Named')).toBe(3));

  it.each([{ type: 'Renamed' }, { type: 'toString' }, { schemaVersion: 4 }])(
    'refuses an event of the future: %j',
    (future) => expect(() => catalog.upcast(stored(future))).toThrow(UnknownEventError),
  );
});

const stored = (given: Partial<RecordedEvent>): RecordedEvent => ({
  ...anEvent(),
  type: 'Named',
  streamId: 's',
  version: 1,
  globalPosition: 1,
  recordedAt: new Date(0),
  ...given,
});
