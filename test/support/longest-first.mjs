import TestSequencer from '@jest/test-sequencer';

/**
 * Suites that take a minute or more of one worker, the longest first: whatever ran last alone would cost its whole length.
 * The order is by share, from a run of everything; one that is missing here costs time and nothing else.
 */
const LONG = [
  'test/faults/topologies',
  'test/faults/ended-sessions',
  'test/faults/repeated-jobs',
  'test/e2e/start-errors',
  'test/e2e/quarantine',
  'test/faults/cut-at-commit',
  'test/e2e/releases',
  'test/faults/session-defaults',
  'test/e2e/start.',
  'test/faults/silent-network',
  'libs/platform/src/embedded-postgres/start-embedded-postgres',
  'test/faults/few-connections',
  'test/e2e/sync-runs',
  'test/e2e/jobs',
  'test/e2e/salesforce',
  'test/e2e/conflicts',
  'test/e2e/apply',
  'test/faults/redis-failover',
  'test/e2e/fuzz',
  'test/e2e/outputs',
];

/** Then other faults, what runs processes, what needs services, and last the pure ones. */
const KINDS = ['/test/faults/', '.e2e-spec.', '.int-spec.'];

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return [...tests].sort((a, b) => placeOf(a.path) - placeOf(b.path) || (a.path < b.path ? -1 : 1));
  }
}

function placeOf(path) {
  const long = LONG.findIndex((name) => path.includes(`/${name}`));
  if (long >= 0) return long;
  const kind = KINDS.findIndex((part) => path.includes(part));
  return LONG.length + (kind < 0 ? KINDS.length : kind);
}
