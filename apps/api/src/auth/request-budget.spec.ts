import { describe, expect, it } from '@jest/globals';
import { TooManyRequestsError } from './auth.errors.js';
import { RequestBudget } from './request-budget.js';

describe('a budget of requests', () => {
  const at = (seconds: number) => ({ monotonic: () => seconds * 1_000 });

  it('is each caller’s own', () => {
    const budget = new RequestBudget(1, at(0));
    budget.spend('ada');
    budget.spend('bob');
    expect(() => budget.spend('ada')).toThrow(TooManyRequestsError);
  });

  it('says when the next minute begins', () => {
    const budget = new RequestBudget(1, at(75.5));
    budget.spend('ada');
    expect(() => budget.spend('ada')).toThrow(expect.objectContaining({ retryAfterSeconds: 45 }));
  });

  it('is whole again in the next minute', () => {
    let seconds = 59;
    const budget = new RequestBudget(1, { monotonic: () => seconds * 1_000 });
    budget.spend('ada');
    seconds = 60;
    expect(() => budget.spend('ada')).not.toThrow();
  });

  it('has no end when it is 0', () => {
    const budget = new RequestBudget(0, at(0));
    for (let count = 0; count < 100; count++) budget.spend('ada');
  });
});
