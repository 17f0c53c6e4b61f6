import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queues } from '#queue';
import { identityCommandJobs } from '../../../apps/worker/src/identity-commands/identity-command.jobs.js';
import type { Operation } from './operation.js';

const TRIES = 300;

/** A producer that queues identity commands, and adds a job again as long as it does not know whether it is there. */
export class JobLoad {
  readonly operations: Operation[] = [];

  constructor(private readonly queues: Queues) {}

  async add(count: number, copies = 1): Promise<void> {
    for (let n = 0; n < count; n++) await this.addOne(copies);
  }

  private async addOne(copies: number): Promise<void> {
    const id = randomUUID();
    const startedAt = performance.now();
    let tries = 0;
    let added = 0;
    while (added < copies && tries++ < TRIES) {
      const job = { identifier_key: `job-${id}`, name: id, identity_type: 'user' as const };
      const done = this.queues.add(identityCommandJobs.upsert, {
        ...job,
        idempotency_key: id,
        correlation_id: id,
      });
      if (
        await done.then(
          () => true,
          () => false,
        )
      )
        added++;
      else await sleep(100);
    }
    const outcome = added > 0 ? ({ is: 'acknowledged' } as const) : ({ is: 'unknown' } as const);
    this.operations.push({
      id,
      kind: 'job',
      startedAt,
      endedAt: performance.now(),
      tries,
      longestMs: 0,
      outcome,
    });
  }
}
