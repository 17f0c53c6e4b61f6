import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { EventMetadata } from '#event-sourcing';
import { mapInTurns, type PoolClient, uuidv4 } from '#platform';
import { requireProject } from '../identity.access.js';
import { createIdentity, modifyIdentity, type NewIdentity, replaceIdentity } from '../identity.decider.js';
import { IdentityLimitError, ProjectForbiddenError } from '../identity.errors.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import { IdentityDrafts } from '../projections/identity-drafts.js';
import type { CommandContext } from './command-context.js';
import type { UpsertMode } from './upsert-identity.command.js';

/** What became of one identity of a batch. */
export type UpsertOutcome =
  | { readonly outcome: 'created' | 'updated' | 'unchanged'; readonly identityId: string }
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string };

export interface UpsertIdentitiesOptions {
  readonly mode?: UpsertMode;
  /** Appends inside this transaction, so that what the caller records there stands or falls with the events. */
  readonly within?: PoolClient;
  /** `skip` (default) answers a rejected outcome; `throw` refuses the whole batch with the first broken rule. */
  readonly onRejected?: 'skip' | 'throw';
  /** Answers what would become of them, and writes nothing. */
  readonly decideOnly?: boolean;
}

/**
 * Upserts many identities by key with one read and one append. Of a key that comes twice, the later one is decided
 * on what the earlier one left. An identity that breaks a rule is rejected alone; a lost race fails the whole batch.
 * Answers one outcome per identity, in order.
 */
export class UpsertIdentities extends Command<readonly UpsertOutcome[]> {
  constructor(
    readonly identities: readonly NewIdentity[],
    readonly context: CommandContext,
    readonly options: UpsertIdentitiesOptions = {},
  ) {
    super();
  }
}

const rules = { replace: replaceIdentity, merge: modifyIdentity } as const;

@CommandHandler(UpsertIdentities)
export class UpsertIdentitiesHandler implements ICommandHandler<UpsertIdentities> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identities, context, options }: UpsertIdentities): Promise<readonly UpsertOutcome[]> {
    const repository = options.within ? this.identities.within(options.within) : this.identities;
    return repository.once(context, async () => {
      const batch = await loadBatch(repository, identities);
      const metadata = repository.stamp(context.metadata);
      const outcomes = await mapInTurns(identities, (identity) =>
        decideOne(batch, identity, context, metadata, options),
      );
      if (options.decideOnly) return outcomes;
      const command = context.idempotency && { ...context.idempotency, result: outcomes };
      await batch.drafts.append({ command });
      return outcomes;
    });
  }
}

interface Batch {
  readonly drafts: IdentityDrafts;
  /** Which identity has a key of a project, as far as it is known or made here. */
  readonly ids: Map<string, string>;
}

async function loadBatch(repository: IdentityRepository, identities: readonly NewIdentity[]): Promise<Batch> {
  const batch: Batch = { drafts: new IdentityDrafts(repository), ids: new Map() };
  for (const [projectId, keys] of keysByProject(identities)) {
    for (const [key, { id, ...loaded }] of await repository.findByKeys(projectId, [...keys])) {
      batch.drafts.add(id, loaded);
      batch.ids.set(placeOf(projectId, key), id);
    }
  }
  return batch;
}

function keysByProject(identities: readonly NewIdentity[]): Map<string | null, Set<string>> {
  const keys = new Map<string | null, Set<string>>();
  for (const { projectId, identifierKey } of identities) {
    keys.set(projectId, (keys.get(projectId) ?? new Set()).add(identifierKey));
  }
  return keys;
}

function decideOne(
  { drafts, ids }: Batch,
  identity: NewIdentity,
  { access }: CommandContext,
  metadata: EventMetadata,
  { mode = 'replace', onRejected = 'skip' }: UpsertIdentitiesOptions,
): UpsertOutcome {
  const place = placeOf(identity.projectId, identity.identifierKey);
  const identityId = ids.get(place) ?? uuidv4();
  const existed = drafts.stateOf(identityId).status === 'live';
  const rule = existed ? rules[mode](identityId, identity) : createIdentity(identityId, identity);
  try {
    requireProject(access, identity.projectId);
    const changed = drafts.decide(identityId, rule, metadata);
    ids.set(place, identityId);
    if (!changed) return { outcome: 'unchanged', identityId };
    return { outcome: existed ? 'updated' : 'created', identityId };
  } catch (error) {
    const broken = error instanceof IdentityLimitError || error instanceof ProjectForbiddenError;
    if (!broken || onRejected === 'throw') throw error;
    return { outcome: 'rejected', code: error.code, reason: error.message };
  }
}

const placeOf = (projectId: string | null, key: string): string => JSON.stringify([projectId, key]);
