import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallBudget,
  type Connector,
  type ConnectorContext,
  connectorById,
  RateLimited,
} from '#connectors';
import type { CallLimiter, CallWindow, TakenCall } from '#queue';
import { DEFAULT_POLICIES } from '../connections/connection-policies.js';
import { CallBudgetSpent, CallBudgets, type CallPurpose } from './call-budgets.js';

const NOW = new Date('2026-09-01T10:00:00Z');
const hubSpot = connectorById('hubspot') as Connector;
const SOON = new Date(NOW.getTime() + 20_000);

describe('call budgets', () => {
  let limiter: ScriptedLimiter;
  let budgets: CallBudgets;
  beforeEach(() => {
    limiter = new ScriptedLimiter();
    budgets = new CallBudgets(limiter, { now: () => NOW }, 20);
  });

  const budget = (
    purpose: CallPurpose = 'polling',
    config: unknown = {},
    { signal }: { signal?: AbortSignal } = {},
  ): CallBudget =>
    budgets.budgetOf({
      connection: { id: 'c1', policies: DEFAULT_POLICIES },
      connector: hubSpot,
      context: { config, ...(signal ? { signal } : {}) } as ConnectorContext<unknown, unknown>,
      purpose,
    });

  const spacing = () =>
    budgets.spacingMs({
      connection: { id: 'c1', policies: DEFAULT_POLICIES },
      connector: hubSpot,
      context: { config: {} },
    });

  it('let a call pass that is within the limits', async () => {
    await budget().take('/crm/contacts');
    expect(limiter.asked).toHaveLength(1);
  });

  it('leave a share of every limit to webhooks', async () => {
    await budget('polling').take('/crm/contacts');
    await budget('webhook').take('/crm/contacts');
    expect(limiter.asked.map((windows) => windows.map(({ limit }) => limit))).toEqual([[100, 80], [100]]);
  });

  it('take the limits that a connection’s settings name', async () => {
    const config = hubSpot.descriptor.configSchema.parse({ limits: [{ requests: 190, perMs: 10_000 }] });
    await budget('webhook', config).take('/crm/contacts/search');
    expect(limiter.asked[0]?.map(({ limit }) => limit)).toEqual([190]);
  });

  it('say how far apart calls for webhooks have to be, by what is left', async () => {
    limiter.leaves = 50;
    expect(await spacing()).toBe(205);
  });

  it('space no calls when the store fails, or does not answer', async () => {
    limiter.leaves = new Error('no store');
    expect(await spacing()).toBe(0);
    limiter.leaves = 'silence';
    expect(await spacing()).toBe(0);
  });

  it('send work back that would have to wait before it has begun', async () => {
    limiter.answers = [{ waitMs: 800 }];
    await expect(budget().take('/crm/contacts')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      scope: 'burst',
      retryAt: new Date(NOW.getTime() + 800),
    });
  });

  it('wait in the middle of work, and not for ever', async () => {
    const one = budget();
    await one.take('/crm/contacts');
    limiter.answers = [{ waitMs: 2 }, { waitMs: 2 }, { waitMs: 0 }];
    await one.take('/crm/contacts');
    limiter.answers = [{ waitMs: 60_000 }];
    await expect(one.take('/crm/contacts')).rejects.toBeInstanceOf(CallBudgetSpent);
  });

  it('stop waiting when the work is to stop', async () => {
    const stop = new AbortController();
    const one = budget('polling', {}, { signal: stop.signal });
    await one.take('/crm/contacts');
    limiter.answers = [{ waitMs: 10_000 }];
    const waiting = one.take('/crm/contacts');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('let calls pass when the store fails, or does not answer', async () => {
    limiter.answers = [new Error('no store'), 'silence'];
    await budget().take('/crm/contacts');
    await budget().take('/crm/contacts');
    expect(limiter.asked).toHaveLength(2);
  });

  it('block everybody for as long as the vendor said', async () => {
    await budgets.heed('c1', new RateLimited('429', SOON, 'burst'));
    expect(limiter.blocks).toEqual([['c1', 20_000]]);
  });

  it.each([
    ['a daily quota, which pauses the connection', new RateLimited('429', SOON, 'daily')],
    ['their own budget', new CallBudgetSpent('spent', SOON, 'burst')],
    ['a time that has passed', new RateLimited('429', NOW, 'burst')],
    ['any other error', new Error('no')],
  ])('block nobody for %s', async (_name, error) => {
    await budgets.heed('c1', error);
    expect(limiter.blocks).toEqual([]);
  });
});

class ScriptedLimiter implements CallLimiter {
  answers: (TakenCall | Error | 'silence')[] = [];
  leaves: number | Error | 'silence' = 0;
  readonly asked: (readonly CallWindow[])[] = [];
  readonly blocks: [string, number][] = [];

  async take(_scope: string, windows: readonly CallWindow[]): Promise<TakenCall> {
    this.asked.push(windows);
    const answer = this.answers.shift() ?? { waitMs: 0 };
    if (answer === 'silence') return new Promise(() => undefined);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async left(_scope: string, windows: readonly CallWindow[]): Promise<number[]> {
    const { leaves } = this;
    if (leaves === 'silence') return new Promise(() => undefined);
    if (leaves instanceof Error) throw leaves;
    return windows.map(() => leaves);
  }

  async block(scope: string, ms: number): Promise<void> {
    this.blocks.push([scope, ms]);
  }
}
