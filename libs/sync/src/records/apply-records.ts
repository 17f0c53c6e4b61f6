import { type EventMetadata, isConflict } from '#event-sourcing';
import { type IdentityRepository, isTakenKey } from '#identity';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import type { ConflictStore } from '../conflicts/conflict.store.js';
import { type FieldPolicies, hashUnder, hasPolicies } from './field-policies.js';
import { type KeyDecision, POLICY } from './key-decision.js';
import { isBound, type Link } from './link.js';
import { moveLinks, type StreamKey, saveLinks, takeTurn } from './link.store.js';
import type { Observation } from './observation.js';
import { recordOutcomes } from './outcome.store.js';
import type { PlanAction } from './plan.js';
import { type PagePlanning, type PlannedRecord, planPage } from './plan-page.js';
import type { QuarantineStore } from './quarantine.store.js';
import { Roster } from './roster.js';
import { type SameRecord, settleSame } from './same-records.js';

export interface RecordBatch extends StreamKey {
  readonly runId: string;
  readonly projectId: string | null;
  readonly observations: readonly Observation[];
  /** Records that seem to say what they said before: those that do are not planned. */
  readonly same?: readonly SameRecord[] | undefined;
  readonly owned: ReadonlySet<string>;
  readonly askedAt: Date;
  /** Who wins, field by field; absent: the source. */
  readonly fields?: FieldPolicies;
  /** The observations are what a listing shows, which may lag behind. */
  readonly fromListing?: boolean;
  /** Stops after the plan: outcomes only. */
  readonly dryRun: boolean;
  /** Whether it can be done is all that is asked: it is done and rolled back. */
  readonly isTrial?: boolean;
  /** Asks the CRM for records by id: what it says of them counts more than what a listing shows. */
  readonly observe: (externalIds: readonly string[]) => Promise<readonly Observation[]>;
  /** What caused the change of a record; default: the record itself. */
  readonly causationOf?: (externalId: string) => string | undefined;
  /** What is decided about a record whose key is taken; default: nothing. */
  readonly decisionFor?: (externalId: string) => KeyDecision | undefined;
  /** Keys that decisions name. */
  readonly namedKeys?: readonly string[];
}

export type OutcomeCounts = Readonly<Partial<Record<PlanAction, number>>>;

/** What stands or falls with the batch (a cursor, deliveries); false: the batch was somebody else's, leave it. */
export type Alongside = (
  client: PoolClient,
  counts: OutcomeCounts,
  planned: readonly PlannedRecord[],
) => Promise<boolean>;

const MAX_TRIES = 6;

/** Keys may pass along a chain of records, and each round finds one more of it. */
const MAX_ROUNDS = 4;
const MAX_HOLDERS = 100;

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
    for (let tries = 1, rounds = 0; ; tries++) {
      const chase = { asked, over: rounds === MAX_ROUNDS };
      try {
        return await inTransaction(this.pool, (client) => this.applyWithin(client, known, alongside, chase));
      } catch (error) {
        if (error instanceof SupersededError) return false;
        if (error instanceof RecordsWantedError) {
          known = joined(known, await batch.observe(error.externalIds));
          for (const id of error.externalIds) asked.add(id);
          rounds++;
          tries = 0;
          continue;
        }
        if (tries === MAX_TRIES || !isRace(error)) throw error;
      }
    }
  }

  private async applyWithin(
    client: PoolClient,
    batch: RecordBatch,
    alongside: Alongside,
    chase: Chase,
  ): Promise<boolean> {
    await takeTurn(client, batch.connectionId);
    const { askedAt, projectId, owned, fields, connectionId, namedKeys, same = [] } = batch;
    const settled = await settleSame(client, batch, batch, same);
    const unsettled = await observeAll(same.filter(({ id }) => !settled.has(id)));
    const observed = [...batch.observations, ...unsettled];
    const observations = observed.map((observation) => underPolicies(observation, fields));
    const isAccepted = (planned: readonly PlannedRecord[]) =>
      alongside(client, countsOf(planned, settled.size), planned);
    if (observations.length === 0) {
      if (!(await isAccepted([])) || batch.isTrial) throw new SupersededError();
      return true;
    }
    const roster = await Roster.load(client, this.identities, batch, observations, namedKeys);
    if (batch.fromListing) requireAsked(observations, roster, chase);
    const ownership = hasPolicies(fields) ? { policies: fields, actor: actorOf(connectionId) } : undefined;
    if (ownership) await roster.loadProvenance(this.identities.within(client).store, observations);
    const metadataFor = this.metadataOf(batch);
    const decisions = decisionsOf(batch, roster, chase);
    const planning = { askedAt, projectId, owned, ownership, metadataFor, ...decisions };
    const plans = planPage(roster, observations, planning);
    const planned = await this.quarantine.withoutDiscarded(client, batch, plans);
    if (!(await isAccepted(planned))) throw new SupersededError();
    const seen = observations.map(({ id }) => id);
    if (!batch.dryRun) await this.write(client, batch, roster, seen, planned);
    await recordOutcomes(client, batch, batch.runId, planned);
    if (batch.isTrial) throw new SupersededError();
    return true;
  }

  private async write(
    client: PoolClient,
    batch: RecordBatch,
    roster: Roster,
    seen: readonly string[],
    planned: readonly PlannedRecord[],
  ): Promise<void> {
    await roster.append();
    await moveLinks(client, batch.connectionId, roster.moves);
    await saveLinks(client, batch, batch.runId, roster.linksToSave);
    await this.quarantine.settle(client, batch, seen, planned);
    await this.conflicts.settle(client, batch, seen, planned, roster);
  }

  private metadataOf({ connectionId, runId, stream, causationOf }: RecordBatch) {
    return (externalId: string): EventMetadata =>
      this.identities.transactor.stamp({
        actor: actorOf(connectionId),
        source: 'sync',
        correlationId: runId,
        causationId: causationOf?.(externalId) ?? `${stream}:${externalId}`,
        subject: `${stream}:${externalId}`,
      });
  }
}

const actorOf = (connectionId: string): string => `connection:${connectionId}`;

const underPolicies = (observation: Observation, fields: FieldPolicies | undefined): Observation =>
  observation.kind === 'present'
    ? {
        ...observation,
        hash: hashUnder(fields, observation.hash),
        fingerprint: observation.fingerprint && hashUnder(fields, observation.fingerprint),
      }
    : observation;

async function observeAll(records: readonly SameRecord[]): Promise<Observation[]> {
  const observed: Observation[] = [];
  for (const record of records) observed.push(await record.observe());
  return observed;
}

/** Rolls back a batch that somebody else has taken, or that was only tried. */
class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** Rolls back a batch that has to know more of some records before it can be decided. */
class RecordsWantedError extends Error {
  override readonly name = 'RecordsWantedError';
  constructor(readonly externalIds: readonly string[]) {
    super('some records have to be asked for themselves first');
  }
}

interface Chase {
  /** The records that were asked for themselves. */
  readonly asked: ReadonlySet<string>;
  /** No more of them. */
  readonly over: boolean;
}

/**
 * A listing may lag behind: a search index still shows what was archived, an archive what was restored. Where it
 * contradicts what we hold of a record's life, the record itself is asked.
 */
function requireAsked(observations: readonly Observation[], roster: Roster, { asked }: Chase): void {
  const doubtful = observations.filter(
    (observation) => !asked.has(observation.id) && contradicts(observation, roster.linkOf(observation.id)),
  );
  if (doubtful.length > 0) throw new RecordsWantedError(doubtful.map(({ id }) => id));
}

function contradicts(observation: Observation, link: Link | undefined): boolean {
  if (!link) return false;
  if (observation.kind === 'present') return !isBound(link);
  return observation.kind === 'gone' && isBound(link);
}

/**
 * Nothing is decided before the records were asked for themselves, since a listing may lag behind; where there are too
 * many of them, no policy decides.
 */
function decisionsOf(
  { decisionFor }: RecordBatch,
  roster: Roster,
  { asked, over }: Chase,
): Pick<PagePlanning, 'decisionFor' | 'atStandstill'> {
  const unclear = new Set<string>();
  return {
    atStandstill(conflicts) {
      const wanted = new Set<string>();
      for (const { observation, plan } of conflicts) {
        const holders = plan.conflict ? roster.recordsOf(plan.conflict.holderId) : [];
        const unasked = [observation.id, ...holders].filter((id) => !asked.has(id));
        if (holders.length > 0 && unasked.length > 0) unclear.add(observation.id);
        if (holders.length > 0) for (const id of unasked) wanted.add(id);
      }
      if (!over && wanted.size > 0) throw new RecordsWantedError([...wanted].slice(0, MAX_HOLDERS));
    },
    decisionFor(externalId) {
      const decision = decisionFor?.(externalId);
      return decision?.by === POLICY && unclear.has(externalId) ? undefined : decision;
    },
  };
}

/** Another door was faster, or waits for this one while this one waits for it: to be decided again. */
const isRace = (error: unknown): boolean =>
  isConflict(error) || isTakenKey(error) || (error as { code?: unknown }).code === '40P01';

/** What the CRM says of a record that was asked for itself counts more than a listing. */
function joined(batch: RecordBatch, asked: readonly Observation[]): RecordBatch {
  const known = new Set(asked.map(({ id }) => id));
  const others = batch.observations.filter(({ id }) => !known.has(id));
  const same = batch.same?.filter(({ id }) => !known.has(id));
  return { ...batch, observations: [...others, ...asked], same };
}

function countsOf(planned: readonly PlannedRecord[], unchanged: number): OutcomeCounts {
  const counts: Partial<Record<PlanAction, number>> = unchanged > 0 ? { unchanged } : {};
  for (const { plan } of planned) counts[plan.action] = (counts[plan.action] ?? 0) + 1;
  return counts;
}
