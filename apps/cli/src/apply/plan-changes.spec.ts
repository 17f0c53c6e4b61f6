import { describe, expect, it } from '@jest/globals';
import type { ConnectionAnswer } from '../connections/connection-calls.js';
import { planChanges, type SecretComparisons } from './plan-changes.js';
import type { WantedConnection } from './read-declaration.js';
import { showPlan } from './show-plan.js';

const held: ConnectionAnswer = {
  id: '1',
  kind: 'hubspot',
  name: 'crm',
  project_id: null,
  settings: { lookbackSeconds: 60, properties: { contacts: ['zip'] } },
  mapping: {},
  mapping_version: 1,
  status: 'active',
  status_reason: null,
  paused_until: null,
  account_id: '62515',
  every_seconds: 900,
  cron: null,
  time_zone: 'UTC',
  next_run_at: null,
  policies: { retention_days: 30, fields: {} },
  secret_fingerprints: { accessToken: 'x' },
  webhook_url: '/',
};
const bare: WantedConnection = { name: 'crm', kind: 'hubspot' };

const plan = (wanted: WantedConnection[], secrets: SecretComparisons = {}, prune = false) =>
  planChanges(wanted, [held], () => secrets, prune);
const changesOf = (wanted: Partial<WantedConnection>, secrets: SecretComparisons = {}) => {
  const [first] = plan([{ ...bare, ...wanted }], secrets);
  return first && 'changes' in first ? [first.action, first.changes] : first;
};

describe('the plan of an apply', () => {
  it('creates what is not there, showing no secret', () => {
    const wanted = { ...bare, name: 'new', secrets: { accessToken: 's3cret' } };
    expect(plan([wanted])[0]).toMatchObject({ action: 'create', name: 'new' });
    const shown = showPlan(plan([wanted]));
    expect(shown).toContain('secrets.accessToken: set');
    expect(shown).not.toContain('s3cret');
  });

  it('leaves what is not declared', () => expect(changesOf({})).toEqual(['unchanged', []]));

  it('changes nothing that is as declared', () =>
    expect(
      changesOf(
        {
          settings: held.settings,
          schedule: { every_seconds: 900, cron: null, time_zone: 'UTC' },
          paused: false,
        },
        { accessToken: 'same' },
      ),
    ).toEqual(['unchanged', []]));

  it.each<[string, Partial<WantedConnection>, object]>([
    [
      'a setting',
      { settings: { ...held.settings, lookbackSeconds: 5 } },
      { field: 'settings.lookbackSeconds', from: 60, to: 5 },
    ],
    [
      'a setting that is gone',
      { settings: { lookbackSeconds: 60 } },
      { field: 'settings.properties', from: { contacts: ['zip'] }, to: undefined },
    ],
    ['a pause', { paused: true }, { field: 'paused', from: false, to: true }],
  ])('updates %s', (_, wanted, change) => expect(changesOf(wanted)).toEqual(['update', [change]]));

  it('goes from an interval to a cron expression', () =>
    expect(changesOf({ schedule: { every_seconds: null, cron: '0 3 * * *', time_zone: 'UTC' } })).toEqual([
      'update',
      [
        { field: 'schedule.every_seconds', from: 900, to: null },
        { field: 'schedule.cron', from: null, to: '0 3 * * *' },
      ],
    ]));

  it('rotates secrets that are others', () =>
    expect(changesOf({}, { accessToken: 'changed', clientSecret: 'removed' })).toEqual([
      'update',
      [
        { field: 'secrets.accessToken', secret: 'changed' },
        { field: 'secrets.clientSecret', secret: 'removed' },
      ],
    ]));

  it('removes what is not in the file only when told to', () => {
    expect(plan([])).toMatchObject([{ action: 'keep', name: 'crm' }]);
    expect(plan([], {}, true)).toMatchObject([{ action: 'remove', name: 'crm' }]);
  });
});
