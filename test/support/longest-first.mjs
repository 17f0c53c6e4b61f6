import TestSequencer from '@jest/test-sequencer';

/**
 * Suites that take half a minute or more of one worker, the longest first: whatever ran last alone would cost its whole
 * length. The order is from a run of everything; one that is missing here costs time and nothing else.
 */
const LONG = [
  'test/faults/poisoned-work',
  'test/e2e/releases',
  'test/faults/innocent-suspects',
  'test/faults/topologies',
  'test/e2e/jobs',
  'test/faults/stale-leader',
  'libs/platform/src/embedded-postgres/start-embedded-postgres',
  'libs/sync/src/budgets/call-budgets',
  'test/faults/redis-failover',
  'test/faults/shutdown',
  'test/e2e/start.',
  'test/faults/repeated-jobs',
  'libs/platform/src/embedded-postgres/binaries',
  'libs/sync/src/runs/polling',
  'test/e2e/hubspot',
  'test/e2e/expressions',
  'test/faults/database-restarts',
  'libs/platform/src/embedded-postgres/server-environment',
  'libs/sync/src/runs/sweeps',
  'test/e2e/imports.',
  'test/faults/silent-network',
  'test/e2e/sync-runs',
  'libs/sync/src/webhooks/webhooks',
  'test/faults/few-connections',
  'test/faults/clock-steps',
  'libs/platform/src/migrations/migration-lock',
  'libs/sync/src/stepping-clocks',
  'test/crm/odoo-sync',
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
