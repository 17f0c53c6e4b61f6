import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallBudget,
  type Connector,
  type ConnectorContext,
  RateLimited,
  type RateSpec,
  rateSpecsSchema,
} from '#connectors';
import { type Clock, createLogger } from '#platform';
import type { CallLimiter, CallWindow } from '#queue';
import { callSpacingMs, callWindows } from './call-windows.js';

/** Polling leaves a share of the budget to webhooks, which may use all of it. */
export type CallPurpose = 'polling' | 'webhook';

export interface BudgetFor {
  readonly connection: { readonly id: string; readonly policies: { readonly webhook_share: number } };
  readonly connector: Connector;
  readonly context: Pick<ConnectorContext<unknown, unknown>, 'config' | 'signal'>;
  readonly purpose: CallPurpose;
}

/** Nobody at the vendor refused: our own count did, and need not be told of it. */
export class CallBudgetSpent extends RateLimited {}

/** How many calls a connection may make, counted for all workers together. */
export class CallBudgets {
  private readonly log = createLogger('call-budgets');
  private quietUntil = 0;

  constructor(
    private readonly limiter: CallLimiter,
    private readonly clock: Clock,
    private readonly storePatienceMs = STORE_PATIENCE_MS,
  ) {}

  /**
   * One piece of work's view of the budget. Its first call is refused when it would have to wait long, so that
   * the work goes back on the queue; later calls wait a while, because what was read already would have to be read again.
   */
  budgetOf(budgetFor: BudgetFor): CallBudget {
    let begun = false;
    return {
      take: async (path) => {
        const patienceMs = begun ? MID_WORK_PATIENCE_MS : FIRST_PATIENCE_MS;
        await this.take(budgetFor, path, patienceMs);
        begun = true;
      },
    };
  }

  /** How far apart the calls for a connection's webhooks have to be for its budget to last; 0 when nobody can tell. */
  async spacingMs(budgetFor: Omit<BudgetFor, 'purpose'>): Promise<number> {
    const { id, policies } = budgetFor.connection;
    const windows = windowsOf({ ...budgetFor, purpose: 'webhook' }, FETCH);
    const left = await this.answered<readonly number[] | null>(this.limiter.left(id, windows), null);
    return left ? callSpacingMs(windows, left, policies.webhook_share) : 0;
  }

  /** The vendor has refused a burst: nobody who speaks for the connection asks again before it said so. */
  async heed(connectionId: string, error: unknown): Promise<void> {
    if (!(error instanceof RateLimited) || error instanceof CallBudgetSpent) return;
    if (error.scope !== 'burst') return;
    const ms = Math.min(error.retryAt.getTime() - this.clock.now().getTime(), LONGEST_BLOCK_MS);
    if (ms > 0) await this.answered(this.limiter.block(connectionId, ms), undefined);
  }

  private async take(budgetFor: BudgetFor, path: string, patienceMs: number): Promise<void> {
    const windows = windowsOf(budgetFor, path);
    const { signal } = budgetFor.context;
    for (let left = patienceMs; ; ) {
      signal?.throwIfAborted();
      const scope = budgetFor.connection.id;
      const { waitMs } = await this.answered(this.limiter.take(scope, windows), { waitMs: 0 });
      if (waitMs === 0) return;
      if (waitMs > left) throw this.spent(path, waitMs);
      await sleep(waitMs, undefined, { signal });
      left -= waitMs;
    }
  }

  private spent(path: string, waitMs: number): CallBudgetSpent {
    const retryAt = new Date(this.clock.now().getTime() + waitMs);
    return new CallBudgetSpent(`The call budget has nothing left for ${path}`, retryAt, 'burst');
  }

  /** A store that does not answer must not stop sync: the vendor's own limits still guard. */
  private async answered<T>(asked: Promise<T>, otherwise: T): Promise<T> {
    const timer = new AbortController();
    const late = sleep(this.storePatienceMs, 'late' as const, { signal: timer.signal }).catch(
      () => 'late' as const,
    );
    try {
      const answer = await Promise.race([asked.then((value) => ({ value })), late]);
      if (answer !== 'late') return answer.value;
      this.warn('no answer in time');
    } catch (error) {
      this.warn((error as Error).name);
    } finally {
      timer.abort();
    }
    return otherwise;
  }

  /** Once a minute: an outage concerns every call. */
  private warn(kind: string): void {
    const now = performance.now();
    if (now < this.quietUntil) return;
    this.quietUntil = now + 60_000;
    this.log.warn({ kind }, 'calls are not counted, because the store of the queue does not answer');
  }
}

function windowsOf({ connection, connector, context, purpose }: BudgetFor, path: string): CallWindow[] {
  const pollingShare = purpose === 'polling' ? 1 - connection.policies.webhook_share : null;
  return callWindows(limitsOf(connector, context.config), path, pollingShare);
}

/** A connection may know its account's limits better than its connector does. */
function limitsOf(connector: Connector, config: unknown): readonly RateSpec[] {
  const { limits } = config as { limits?: unknown };
  const declared = rateSpecsSchema.safeParse(limits);
  return declared.success ? declared.data : connector.descriptor.capabilities.limits;
}

/** A path of which no window speaks. */
const FETCH = '';

/** Shorter than a way through the queue is worth. */
const FIRST_PATIENCE_MS = 500;
const MID_WORK_PATIENCE_MS = 15_000;
const STORE_PATIENCE_MS = 3_000;
const LONGEST_BLOCK_MS = 60 * 60 * 1000;
