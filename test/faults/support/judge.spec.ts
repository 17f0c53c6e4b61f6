import { describe, expect, it } from '@jest/globals';
import { type AnomalyKind, type FaultHistory, findFaults } from './judge.js';
import type { ImportState, LoggedEvent, Operation } from './operation.js';

/** A judge that has never convicted anybody proves nothing. */
describe('the judge', () => {
  it('finds nothing in a history without faults', () => expect(findFaults(clean)).toEqual([]));

  const [made, changed] = twoEvents();
  it.each<[string, AnomalyKind, Partial<FaultHistory>]>([
    ['an acknowledged operation without an event', 'missed', { log: [made], handled: ['e1'] }],
    [
      'another version than was told',
      'missed',
      { operations: [op('a', 0, { is: 'acknowledged', version: 2 })] },
    ],
    ['two events of one operation', 'doubled', { log: [made, { ...changed, cause: 'a' }] }],
    [
      'two events of one unknown operation',
      'doubled',
      { operations: [op('a', 0, { is: 'unknown' })], log: [made, { ...changed, cause: 'a' }] },
    ],
    [
      'a refused operation that was done',
      'refused but done',
      { operations: [op('a', 0, { is: 'refused', status: 409 })] },
    ],
    [
      'a version that is missing',
      'out of order',
      { log: [made, { ...changed, version: 3 }], operations: [] },
    ],
    ['a later operation at a lower position', 'out of order', { operations: [op('b', 0), op('a', 10)] }],
    ['an event that the subscriber missed', 'missed', { handled: ['e1'] }],
    ['an event that the subscriber handled twice', 'doubled', { handled: ['e1', 'e2', 'e2'] }],
    ['a subscriber that went back', 'out of order', { handled: ['e2', 'e1'] }],
    ['a row that is no identity', 'missed', { files: [file({ rows: 2 }, { created: 2 })] }],
    [
      'a row that was made twice',
      'doubled',
      {
        files: [file({}, {})],
        log: [made, { ...changed, type: 'IdentityCreated', key: 'k1', streamId: 's2', version: 1 }],
      },
    ],
    [
      'a row that two imports count',
      'import',
      { files: [{ ...file({}, {}), imports: [anImport({}), anImport({})] }] },
    ],
    [
      'an import that stopped half way',
      'import',
      { files: [{ ...file({}, {}), imports: [{ ...anImport({}), status: 'running' }] }] },
    ],
  ])('convicts %s', (_, kind, planted) =>
    expect(findFaults({ ...clean, ...planted }).map((anomaly) => anomaly.kind)).toContain(kind),
  );
});

function twoEvents(): [LoggedEvent, LoggedEvent] {
  const made = {
    id: 'e1',
    streamId: 's',
    version: 1,
    position: 1,
    type: 'IdentityCreated',
    cause: 'a',
    key: 'k1',
  };
  return [
    made,
    { ...made, id: 'e2', version: 2, position: 2, type: 'IdentityModified', cause: 'b', key: null },
  ];
}

function op(id: string, at: number, outcome: Operation['outcome'] = { is: 'acknowledged' }): Operation {
  return { id, kind: 'modify', startedAt: at, endedAt: at + 5, tries: 1, longestMs: 5, outcome };
}

function anImport(counts: Partial<ImportState['rows']>): ImportState {
  const none = { read: 1, created: 1, updated: 0, unchanged: 0, rejected: 0 };
  return { id: 'i', status: 'completed', rows: { ...none, ...counts } };
}

function file(fields: { rows?: number }, counts: Partial<ImportState['rows']>) {
  return { rows: 1, keyPrefix: 'k', imports: [anImport(counts)], ...fields };
}

const clean: FaultHistory = {
  operations: [
    op('a', 0, { is: 'acknowledged', version: 1 }),
    op('b', 10),
    op('c', 20, { is: 'unknown' }),
    op('d', 30, { is: 'refused', status: 409 }),
  ],
  files: [file({}, {})],
  log: twoEvents(),
  handled: ['e1', 'e2'],
};
