import { appendFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Anomaly, AnomalyKind } from './judge.js';
import type { UnwantedEnd } from './supervised.js';

/** What a row of the fault programme found, in numbers. */
export interface Verdict {
  readonly name: string;
  readonly operations: number;
  readonly acknowledged: number;
  /** Never answered, whatever was tried. */
  readonly unknown: number;
  /** Imported. */
  readonly rows: number;
  readonly events: number;
  /** By status; `none` where the connection broke. */
  readonly answers: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly anomalies: readonly Anomaly[];
  /** What `rollcall rebuild identities --check` had to say; empty when every row is what the log says. */
  readonly differingRows: string;
  readonly unwantedEnds: readonly UnwantedEnd[];
  /** Rows, records, deliveries and jobs that were taken for poisoned. */
  readonly setAside: number;
  /** The longest that a request went without an answer. */
  readonly longestMs: number;
}

/** No request waits longer than this for its answer: the limits of docs/database.md for one that meets them all. */
export const ANSWERED_WITHIN_MS = 45_000;

/** Nothing is lost, hung or doubled, no process ended by itself, and nobody was told that it is our fault. */
export function expectSound(verdict: Verdict): void {
  expect({
    anomalies: verdict.anomalies.slice(0, 10),
    differingRows: verdict.differingRows,
    unwantedEnds: verdict.unwantedEnds,
    setAside: verdict.setAside,
    unknown: verdict.unknown,
    answered500: verdict.answers[500] ?? 0,
    answeredInTime: verdict.longestMs <= ANSWERED_WITHIN_MS || verdict.longestMs,
  }).toEqual({
    anomalies: [],
    differingRows: '',
    unwantedEnds: [],
    setAside: 0,
    unknown: 0,
    answered500: 0,
    answeredInTime: true,
  });
  expect(verdict.acknowledged).toBeGreaterThan(0);
}

/** One line for a person, and one for scripts/test-faults.mjs, which adds them up. */
export function sayVerdict(verdict: Verdict): void {
  const { name, operations, acknowledged, rows, events, faults, longestMs } = verdict;
  const count = (kind: AnomalyKind) => verdict.anomalies.filter((anomaly) => anomaly.kind === kind).length;
  const counts = {
    name,
    operations,
    acknowledged,
    rows,
    events,
    faults,
    answers: verdict.answers,
    missed: count('missed'),
    doubled: count('doubled'),
    outOfOrder: count('out of order'),
    otherwiseWrong: count('refused but done') + count('import') + (verdict.differingRows ? 1 : 0),
    unknown: verdict.unknown,
    endedByThemselves: verdict.unwantedEnds.length,
    setAside: verdict.setAside,
    longestMs,
  };
  process.stdout.write(`faults: ${JSON.stringify(counts)}\n`);
  const file = process.env.ROLLCALL_FAULTS_COUNTS;
  if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`);
}
