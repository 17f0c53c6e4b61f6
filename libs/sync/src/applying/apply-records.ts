import { type EventMetadata, isConflict } from '#event-sourcing';
import { type IdentityRepository, isTakenKey } from '#identity';
import type { Pool, PoolClient } from '#platform';
import type { ConflictStore } from '../conflicts/conflict.store.js';
import { moveLinks, saveLinks, takeTurn } from '../links/link.store.js';
import { recordOutcomes } from '../outcomes/outcome.store.js';
import { countsOf, type OutcomeCounts } from '../outcomes/outcome-counts.js';
import type { QuarantineStore } from '../quarantine/quarantine.store.js';
import { type FieldPolicies, hashUnder, hasPolicies } from '../records/field-policies.js';
import type { Observation } from '../records/observation.js';
import type { Circumstances } from '../records/plan.js';
import { type PlannedRecord, planPage } from '../records/plan-page.js';
import { Roster } from '../records/roster.js';
import { type SameRecord, settleSame } from '../records/same-records.js';
import { type Attempt, attemptIn } from './attempt.js';
import { type Chase, contradicted, Standstill } from './chase.js';
import type { RecordBatch } from './record-batch.js';

/** What stands or falls with the batch (a cursor, deliveries); false: the batch was somebody else's, leave it. */
export type Alongside = (
  client: PoolClient,
  counts: OutcomeCounts,
  planned: readonly PlannedRecord[],
) => Promise<boolean>;

const MAX_TRIES = 6;

/** Keys may pass along a chain of records, and each round finds one more of it. */
const MAX_ROUNDS = 4;

/**
 * Plans a batch of records and applies it in one transaction: events, identity rows, links, outcomes, quarantine and
 * what the caller adds. Hence no idempotency keys: the effects commit with the cursor or not at all, and a record
 * that is delivered again has the hash it had. Batches of one connection take turns, so that no two of them decide
 * about one record; a race with another door is decided again. A record whose key another record holds is decided
 * together with that one: it may have given the key up, or want this one's in exchange.
 */
export class ApplyRecords {
  constructor(
    private readonly pool: Pool,
    private readonly identities: IdentityRepository,
    private readonly quarantine: QuarantineStore,
    private readonly conflicts: ConflictStore,
  ) {}

  /** Answers false when `alongside` did, and of a trial. */
  async apply(batch: RecordBatch, alongside: Alongside): Promise<boolean> {
    const asked = new Set<string>();
    let known = batch;
    for (let round = 0; ; round++) {
      const chase = { asked, isOver: round === MAX_ROUNDS };
      const attempt = await this.attempt(known, alongside, chase);
      if (attempt.kind !== 'wanted') return attempt.kind === 'applied';
      known = joined(known, await batch.source.observe(attempt.externalIds));
      for (const id of attempt.externalIds) asked.add(id);
    }
  }

  /** Where another door was faster, it is decided again. */
  private async attempt(batch: RecordBatch, alongside: Alongside, chase: Chase): Promise<Attempt> {
    for (let tries = 1; ; tries++) {
      try {
        return await attemptIn(this.pool, (client) => this.applyWithin(client, batch, alongside, chase));
      } catch (error) {
        if (tries === MAX_TRIES || !isRace(error)) throw error;
      }
    }
  }

  private async applyWithin(
    client: PoolClient,
    batch: RecordBatch,
    alongside: Alongside,
    chase: Chase,
  ): Promise<Attempt> {
    await takeTurn(client, batch.key.connectionId);
    const { observations, unchanged } = await settleUnchanged(client, batch);
    if (observations.length === 0)
      return concluded(batch, await alongside(client, countsOf([], unchanged), []));
    const judged = await this.judge(client, batch, observations, chase);
    if ('wanted' in judged) return { kind: 'wanted', externalIds: judged.wanted };
    const { planned } = judged;
    const accepted = await alongside(client, countsOf(planned, unchanged), planned);
    if (accepted) await this.write(client, batch, observations, judged);
    return concluded(batch, accepted);
  }

  /** What the observations mean for what we hold, without writing anything. */
  private async judge(
    client: PoolClient,
    batch: RecordBatch,
    observations: readonly Observation[],
    chase: Chase,
  ): Promise<Judged | { readonly wanted: readonly string[] }> {
    const { key, source, rules } = batch;
    const { projectId, owned, namedKeys } = rules;
    const roster = await Roster.load(client, this.identities, { ...key, projectId }, observations, namedKeys);
    const doubtful = source.fromListing ? contradicted(observations, roster, chase) : [];
    if (doubtful.length > 0) return { wanted: doubtful };
    const standstill = new Standstill(roster, rules, chase);
    const plans = planPage(roster, observations, {
      askedAt: source.askedAt,
      projectId,
      owned,
      ownership: await this.ownershipOf(client, batch, observations, roster),
      metadataFor: this.metadataOf(batch),
      mayDecide: (conflicts) => standstill.mayDecide(conflicts),
      resolutionFor: (externalId) => standstill.resolutionFor(externalId),
    });
    if (standstill.wanted.length > 0) return { wanted: standstill.wanted };
    return { roster, planned: await this.quarantine.withoutDiscarded(client, key, plans) };
  }

  /** Who last changed the fields is read only where policies ask for it. */
  private async ownershipOf(
    client: PoolClient,
    { key, rules: { fields } }: RecordBatch,
    observations: readonly Observation[],
    roster: Roster,
  ): Promise<Circumstances['ownership']> {
    if (!hasPolicies(fields)) return undefined;
    await roster.loadProvenance(this.identities.within(client).store, observations);
    return { policies: fields, actor: actorOf(key.connectionId) };
  }

  private async write(
    client: PoolClient,
    { key, run }: RecordBatch,
    observations: readonly Observation[],
    { roster, planned }: Judged,
  ): Promise<void> {
    if (!run.dryRun) {
      const seen = observations.map(({ id }) => id);
      await roster.append();
      await moveLinks(client, key.connectionId, roster.moves);
      await saveLinks(client, key, run.id, roster.linksToSave);
      await this.quarantine.settle(client, key, seen, planned);
      await this.conflicts.settle(client, key, seen, planned, roster);
    }
    await recordOutcomes(client, key, run.id, planned);
  }

  private metadataOf({ key: { connectionId, stream }, run }: RecordBatch) {
    return (externalId: string): EventMetadata =>
      this.identities.stamp({
        actor: actorOf(connectionId),
        source: 'sync',
        correlationId: run.id,
        causationId: run.causationOf?.(externalId) ?? `${stream}:${externalId}`,
        subject: `${stream}:${externalId}`,
      });
  }
}

interface Judged {
  readonly roster: Roster;
  readonly planned: readonly PlannedRecord[];
}

const actorOf = (connectionId: string): string => `connection:${connectionId}`;

const concluded = ({ run }: RecordBatch, accepted: boolean): Attempt => ({
  kind: accepted && !run.isTrial ? 'applied' : 'undone',
});

/** Notes those that say what they said before, and answers what is left to be planned. */
async function settleUnchanged(
  client: PoolClient,
  { key, source: { observations, same = [], askedAt }, rules, run }: RecordBatch,
): Promise<{ readonly observations: readonly Observation[]; readonly unchanged: number }> {
  const settled = await settleSame(client, key, { runId: run.id, askedAt }, same);
  const unsettled = await observeAll(same.filter(({ id }) => !settled.has(id)));
  const observed = [...observations, ...unsettled];
  return {
    observations: observed.map((observation) => underPolicies(observation, rules.fields)),
    unchanged: settled.size,
  };
}

async function observeAll(records: readonly SameRecord[]): Promise<Observation[]> {
  const observed: Observation[] = [];
  for (const record of records) observed.push(await record.observe());
  return observed;
}

const underPolicies = (observation: Observation, fields: FieldPolicies | undefined): Observation =>
  observation.kind === 'present'
    ? {
        ...observation,
        hash: hashUnder(fields, observation.hash),
        fingerprint: observation.fingerprint && hashUnder(fields, observation.fingerprint),
      }
    : observation;

/** Another door was faster, or waits for this one while this one waits for it: to be decided again. */
const isRace = (error: unknown): boolean =>
  isConflict(error) || isTakenKey(error) || (error as { code?: unknown }).code === '40P01';

/** What the CRM says of a record that was asked for itself counts more than a listing. */
function joined(batch: RecordBatch, asked: readonly Observation[]): RecordBatch {
  const { source } = batch;
  const known = new Set(asked.map(({ id }) => id));
  const others = source.observations.filter(({ id }) => !known.has(id));
  const same = source.same?.filter(({ id }) => !known.has(id));
  return { ...batch, source: { ...source, observations: [...others, ...asked], same } };
}
