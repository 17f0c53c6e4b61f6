import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { WriteConflictError } from '#event-sourcing';
import { uuidv4 } from '#platform';
import { requireProject } from '../identity.access.js';
import { createIdentity, modifyIdentity, type NewIdentity, replaceIdentity } from '../identity.decider.js';
import { IdentifierKeyTakenError, IdentityNotFoundError } from '../identity.errors.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

const rules = { replace: replaceIdentity, merge: modifyIdentity } as const;

/** `replace`: properties, agents and blocks that are given take the place of the old ones. `merge`: they are added. */
export type UpsertMode = keyof typeof rules;

/** Creates the identity of a key, or brings the existing one up to date under its id. */
export class UpsertIdentity extends Command<IdentityView> {
  constructor(
    readonly identity: NewIdentity,
    readonly context: CommandContext,
    readonly mode: UpsertMode = 'replace',
  ) {
    super();
  }
}

const MAX_TRIES = 5;

@CommandHandler(UpsertIdentity)
export class UpsertIdentityHandler implements ICommandHandler<UpsertIdentity> {
  constructor(private readonly identities: IdentityRepository) {}

  async execute({ identity, context, mode }: UpsertIdentity): Promise<IdentityView> {
    requireProject(context.access, identity.projectId);
    let lost: unknown;
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      try {
        return await this.upsert(identity, context, mode);
      } catch (error) {
        // Created or deleted by somebody else between our look and our write: look again.
        if (!(error instanceof IdentifierKeyTakenError || error instanceof IdentityNotFoundError))
          throw error;
        lost = error;
      }
    }
    throw new WriteConflictError(identity.identifierKey, MAX_TRIES, { cause: lost });
  }

  private async upsert(
    identity: NewIdentity,
    context: CommandContext,
    mode: UpsertMode,
  ): Promise<IdentityView> {
    const found = await this.identities.findByKey(identity.projectId, identity.identifierKey);
    const id = found?.id ?? uuidv4();
    const rule = found ? rules[mode](id, identity) : createIdentity(id, identity);
    const known = found ?? ({ state: { status: 'unknown' }, version: 0 } as const);
    return this.identities.transact(id, rule, context, (after) => toView(id, after), known);
  }
}
