import { type EventMetadata, isConflict } from '#event-sourcing';
import { type IdentityRepository, isTakenKey } from '#identity';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import { type StreamKey, saveLinks } from './link.store.js';
import type { Observation } from './observation.js';
import { recordOutcomes } from './outcome.store.js';
import type { PlanAction } from './plan.js';
import { type PlannedRecord, planPage } from './plan-page.js';
import type { QuarantineStore } from './quarantine.store.js';
import { Roster } from './roster.js';

export interface RecordBatch extends StreamKey {
  readonly runId: string;
  readonly projectId: string | null;
  readonly observations: readonly Observation[];
  readonly owned: ReadonlySet<string>;
  readonly askedAt: Date;
  /** Stops after the plan: outcomes only. */
  readonly dryRun: boolean;
  /** What caused the change of a record; default: the record itself. */
  readonly causationOf?: (externalId: string) => string | undefined;
}

export type OutcomeCounts = Readonly<Partial<Record<PlanAction, number>>>;

/** What stands or falls with the batch (a cursor, deliveries); false: the batch was somebody else's, leave it. */
export type Alongside = (client: PoolClient, counts: OutcomeCounts) => Promise<boolean>;

const MAX_TRIES = 6;

/**
 * Plans a batch of records and applies it in one transaction: events, identity rows, links, outcomes, quarantine and
 * what the caller adds. Hence no idempotency keys: the effects commit with the cursor or not at all, and a record
 * that is delivered again has the hash it had. Batches of one connection take turns, so that no two of them decide
 * about one record; a race with another door is decided again.
 */
export class ApplyRecords {
  constructor(
    private readonly pool: Pool,
    private readonly identities: IdentityRepository,
    private readonly quarantine: QuarantineStore,
  ) {}

  /** Answers false when `alongside` did. */
  async apply(batch: RecordBatch, alongside: Alongside): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await inTransaction(this.pool, (client) => this.applyWithin(client, batch, alongside));
      } catch (error) {
        if (error instanceof SupersededError) return false;
        if (tries === MAX_TRIES || !(isConflict(error) || isTakenKey(error))) throw error;
      }
    }
  }

  private async applyWithin(client: PoolClient, batch: RecordBatch, alongside: Alongside): Promise<boolean> {
    await takeTurn(client, batch.connectionId);
    const roster = await Roster.load(client, this.identities, batch, batch.observations);
    const { observations, askedAt, projectId, owned } = batch;
    const metadataFor = this.metadataOf(batch);
    const planned = planPage(roster, observations, { askedAt, projectId, owned, metadataFor });
    if (!(await alongside(client, countsOf(planned)))) throw new SupersededError();
    if (!batch.dryRun) {
      await roster.append();
      await saveLinks(client, batch, batch.runId, roster.linksToSave);
      const seen = observations.map(({ id }) => id);
      await this.quarantine.settle(client, batch, seen, planned);
    }
    await recordOutcomes(client, batch, batch.runId, planned);
    return true;
  }

  private metadataOf({ connectionId, runId, stream, causationOf }: RecordBatch) {
    return (externalId: string): EventMetadata =>
      this.identities.transactor.stamp({
        actor: `connection:${connectionId}`,
        source: 'sync',
        correlationId: runId,
        causationId: causationOf?.(externalId) ?? `${stream}:${externalId}`,
      });
  }
}

/** Rolls back a batch that somebody else has taken. */
class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

function takeTurn(client: PoolClient, connectionId: string): Promise<unknown> {
  return client.query({
    name: 'sync_turn',
    text: `select pg_advisory_xact_lock(hashtextextended('sync:' || $1::text, 0))`,
    values: [connectionId],
  });
}

function countsOf(planned: readonly PlannedRecord[]): OutcomeCounts {
  const counts: Partial<Record<PlanAction, number>> = {};
  for (const { plan } of planned) counts[plan.action] = (counts[plan.action] ?? 0) + 1;
  return counts;
}
