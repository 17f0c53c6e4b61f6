import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../event.js';
import type { AppendResult, StreamAppend } from '../event-store.js';
import { anAppend, anEvent } from './builders.js';
import { type AppendAttempt, findAnomalies } from './history-checker.js';

const a = anAppend({ expectedVersion: 0, events: [anEvent(), anEvent()] });
const b = anAppend({ streamId: a.streamId, expectedVersion: 2 });
const log = recorded([a, 2], [a, 3], [b, 7]);
const [a1, a2, b3] = log as [RecordedEvent, RecordedEvent, RecordedEvent];

const told = ({ streamId }: StreamAppend, version: number): AppendResult[] => [
  { streamId, version, globalPosition: 0 },
];
const attempts: AppendAttempt[] = [
  { startedAt: 0, endedAt: 10, appends: [a], outcome: told(a, 2) },
  { startedAt: 20, endedAt: 30, appends: [b], outcome: told(b, 3) },
];
const sound = { attempts, log, handled: log };
const refused = (expectedVersion: number, endedAt: number): AppendAttempt => ({
  startedAt: 0,
  endedAt,
  appends: [anAppend({ streamId: a.streamId, expectedVersion })],
  outcome: 'conflict',
});

describe('the history checker', () => {
  it('finds nothing in a sound history', () => expect(findAnomalies(sound)).toEqual([]));

  it('accepts that a writer who was overtaken is rejected', () =>
    expect(findAnomalies({ ...sound, attempts: [...attempts, refused(0, 5)] })).toEqual([]));

  it.each([
    ['a hole in a stream', { log: [a1, b3], handled: [a1, b3], attempts: [] }, 'has the versions 1, 3'],
    [
      'a lost append',
      { attempts: [...attempts, { ...attempts[1], appends: [anAppend()] } as AppendAttempt] },
      'stored undefined',
    ],
    [
      'a wrong version told',
      { attempts: [{ ...attempts[0], outcome: told(a, 1) } as AppendAttempt] },
      'told version 1, stored 2',
    ],
    ['a rejection without reason', { attempts: [...attempts, refused(3, 99)] }, 'refused without reason'],
    ['a rejection before anybody overtook', { attempts: [...attempts, refused(2, 15)] }, 'without reason'],
    [
      'a position drawn too late',
      {
        attempts: attempts.map((attempt, n) =>
          n === 0 ? { ...attempt, startedAt: 40, endedAt: 50 } : attempt,
        ),
      },
      'position 2 was drawn after 7',
    ],
    ['a torn append', { log: [a1], handled: [a1], attempts: attempts.slice(0, 1) }, '1 of 2 events'],
    ['a missed event', { handled: [a1, b3] }, 'position 3 was handled 0 times'],
    ['an event handled twice', { handled: [a1, a2, a2, b3] }, 'position 3 was handled 2 times'],
    ['a stream handled out of order', { handled: [a2, a1, b3] }, 'was handled as 2, 1, 3'],
  ])('finds %s', (_, change, anomaly) =>
    expect(findAnomalies({ ...sound, ...change })).toContainEqual(expect.stringContaining(anomaly)),
  );
});

/** The events of the appends at these positions; each append's events in order. */
function recorded(...places: readonly (readonly [StreamAppend, number])[]): RecordedEvent[] {
  const waiting = new Map(places.map(([append]) => [append, [...append.events]]));
  return places.map(([append, globalPosition], index) => ({
    ...(waiting.get(append)?.shift() ?? anEvent()),
    streamId: append.streamId,
    version: index + 1,
    globalPosition,
    recordedAt: new Date(0),
  }));
}
