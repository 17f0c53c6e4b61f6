import { describe, expect, it } from '@jest/globals';
import { StatementParameters } from '#event-sourcing';
import { allConditions, filterSql, type IdentityFilter } from './identity-filter.js';

const MOMENT = '2026-11-23T12:00:00.003Z';
const updatedAfter = new Date(MOMENT);

describe('the filter by the last change', () => {
  it.each<[string, IdentityFilter]>([
    ['alone', {}],
    ['with a project', { projectId: 'proj_1' }],
    ['with a property', { properties: { plan: 'pro' } }],
  ])('takes that moment in, and has no plan for all moments: %s', (_, others) => {
    const parameters = new StatementParameters();
    const sql = filterSql({ ...others, updatedAfter }, 'all', parameters);
    expect(allConditions(sql).join(' and ')).toMatch(/\bi\.updated_at >= \$\d/);
    expect(parameters.values).toContain(MOMENT);
    expect(sql.onePlan).toBe(false);
  });

  it('leaves the projects that the caller may see', () => {
    const parameters = new StatementParameters();
    const conditions = allConditions(filterSql({ updatedAfter }, ['proj_1'], parameters));
    expect(conditions.join(' and ')).toMatch(/i\.project_id = \$\d/);
    expect(parameters.values).toContain('proj_1');
  });
});
