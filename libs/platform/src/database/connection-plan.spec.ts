import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ConnectionNeeds, leastConnections, planConnections } from './connection-plan.js';

const needs = fc.record({ workedQueues: fc.nat({ max: 6 }), queueInPostgres: fc.boolean() });

describe('the connections of a process', () => {
  it('are as many as the setting says, whatever it runs', () =>
    fc.assert(
      fc.property(needs, fc.nat({ max: 500 }), (what, more) => {
        const total = leastConnections(what) + more;
        const { requests, prisma, queue, alone } = planConnections(total, what);
        expect(requests + prisma + queue + alone).toBe(total);
        expect(requests).toBeGreaterThanOrEqual(3);
        expect(prisma).toBeGreaterThanOrEqual(1);
        if (what.queueInPostgres) expect(queue).toBeGreaterThan(what.workedQueues);
      }),
    ));

  it.each<[number, ConnectionNeeds, object]>([
    [30, { workedQueues: 3, queueInPostgres: true }, { requests: 16, prisma: 4, queue: 7, alone: 3 }],
    [30, { workedQueues: 0, queueInPostgres: false }, { requests: 25, prisma: 5, queue: 0, alone: 0 }],
    [8, { workedQueues: 3, queueInPostgres: true }, { requests: 3, prisma: 1, queue: 4, alone: 0 }],
  ])('%d for %o are %o', (total, what, plan) => expect(planConnections(total, what)).toEqual(plan));

  it('say how many would be enough', () =>
    expect(() => planConnections(7, { workedQueues: 3, queueInPostgres: true })).toThrow('at least 8'));
});
