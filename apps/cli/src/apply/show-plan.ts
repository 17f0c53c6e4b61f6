import type { Change, ConnectionPlan } from './plan-changes.js';

const MARKS = { create: '+', update: '~', unchanged: '=', remove: '-', keep: ' ' } as const;

/** The plan for a person: what happens to each connection, field by field. */
export const showPlan = (plans: readonly ConnectionPlan[]): string =>
  [...plans.map(showOne), summaryOf(plans)].join('\n');

function showOne(plan: ConnectionPlan): string {
  const title = `${MARKS[plan.action]} ${plan.name}: ${titleOf(plan)}`;
  return 'changes' in plan
    ? [title, ...plan.changes.map((change) => `    ${showChange(change)}`)].join('\n')
    : title;
}

function titleOf(plan: ConnectionPlan): string {
  switch (plan.action) {
    case 'remove':
      return 'remove; its identities stay';
    case 'keep':
      return 'not in the file, left as it is (--prune removes it)';
    default:
      return plan.action;
  }
}

const WORDS = { new: 'set', changed: 'changed', removed: 'taken away' } as const;

function showChange(change: Change): string {
  if ('secret' in change) return `${change.field}: ${WORDS[change.secret]}`;
  const { field, from, to } = change;
  if (from === undefined) return `${field}: ${json(to)}`;
  return `${field}: ${json(from)} → ${to === undefined ? 'taken away' : json(to)}`;
}

const json = (value: unknown): string => JSON.stringify(value);

function summaryOf(plans: readonly ConnectionPlan[]): string {
  const count = (action: ConnectionPlan['action']) => plans.filter((plan) => plan.action === action).length;
  return `${count('create')} to create, ${count('update')} to update, ${count('unchanged')} unchanged, ${count('remove')} to remove\n`;
}
