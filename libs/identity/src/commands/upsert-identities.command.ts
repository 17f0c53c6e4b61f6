import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { EventMetadata, Loaded, NewEvent, StreamAppend } from '#event-sourcing';
import { type PoolClient, uuidv4 } from '#platform';
import { requireProject } from '../identity.access.js';
import { createIdentity, modifyIdentity, type NewIdentity, replaceIdentity } from '../identity.decider.js';
import { IdentityLimitError, ProjectForbiddenError } from '../identity.errors.js';
import { IDENTITY_CATEGORY, type IdentityEvent } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import { IdentityRepository } from '../projections/identity.repository.js';
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

/** One stream while the batch is decided: as it was loaded, as it is now, and what happened in between. */
interface Draft {
  readonly id: string;
  readonly loaded: Loaded<Identity>;
  current: Identity;
  readonly events: NewEvent<IdentityEvent>[];
}

@CommandHandler(UpsertIdentities)
export class UpsertIdentitiesHandler implements ICommandHandler<UpsertIdentities> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identities, context, options }: UpsertIdentities): Promise<readonly UpsertOutcome[]> {
    const repository = options.within ? this.identities.within(options.within) : this.identities;
    return repository.transactor.once(context, async () => {
      const drafts = await loadDrafts(repository, identities);
      const metadata = repository.transactor.stamp(context.metadata);
      const outcomes = identities.map((identity) =>
        decideOne(repository, drafts, identity, context, metadata, options),
      );
      const command = context.idempotency && { ...context.idempotency, result: outcomes };
      const appends = [...drafts.values()].filter(({ events }) => events.length > 0).map(toAppend);
      if (appends.length > 0) await repository.store.append(appends, { command });
      else if (command) await repository.store.recordCommand(command);
      return outcomes;
    });
  }
}

async function loadDrafts(repository: IdentityRepository, identities: readonly NewIdentity[]) {
  const drafts = new Map<string, Draft>();
  for (const [projectId, keys] of keysByProject(identities)) {
    for (const [key, { id, state, version }] of await repository.findByKeys(projectId, [...keys])) {
      drafts.set(draftKey(projectId, key), { id, loaded: { state, version }, current: state, events: [] });
    }
  }
  return drafts;
}

function keysByProject(identities: readonly NewIdentity[]): Map<string | null, Set<string>> {
  const keys = new Map<string | null, Set<string>>();
  for (const { projectId, identifierKey } of identities) {
    keys.set(projectId, (keys.get(projectId) ?? new Set()).add(identifierKey));
  }
  return keys;
}

function decideOne(
  { transactor }: IdentityRepository,
  drafts: Map<string, Draft>,
  identity: NewIdentity,
  { access }: CommandContext,
  metadata: EventMetadata,
  { mode = 'replace', onRejected = 'skip' }: UpsertIdentitiesOptions,
): UpsertOutcome {
  const place = draftKey(identity.projectId, identity.identifierKey);
  const draft = drafts.get(place) ?? newDraft();
  const existed = draft.current.status === 'live';
  const rule = existed ? rules[mode](draft.id, identity) : createIdentity(draft.id, identity);
  try {
    requireProject(access, identity.projectId);
    const append = transactor.prepare(draft.id, { state: draft.current, version: 0 }, rule, metadata);
    drafts.set(place, draft);
    if (!append) return { outcome: 'unchanged', identityId: draft.id };
    draft.current = append.after;
    draft.events.push(...append.events);
    return { outcome: existed ? 'updated' : 'created', identityId: draft.id };
  } catch (error) {
    const broken = error instanceof IdentityLimitError || error instanceof ProjectForbiddenError;
    if (!broken || onRejected === 'throw') throw error;
    return { outcome: 'rejected', code: error.code, reason: error.message };
  }
}

const newDraft = (): Draft => ({
  id: uuidv4(),
  loaded: { state: { status: 'unknown' }, version: 0 },
  current: { status: 'unknown' },
  events: [],
});

const toAppend = ({ id, loaded, current, events }: Draft): StreamAppend<IdentityEvent, Identity> => ({
  streamId: id,
  category: IDENTITY_CATEGORY,
  expectedVersion: loaded.version,
  events,
  before: loaded.state,
  after: current,
});

const draftKey = (projectId: string | null, key: string): string => JSON.stringify([projectId, key]);
