import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { visibleTo } from '../identity.access.js';
import { deleteIdentity } from '../identity.decider.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

/** Deletes an identity; its history stays. `mergedInto` (a bare UUID) names the one that lives on. */
export class DeleteIdentity extends Command<null> {
  constructor(
    readonly identityId: string,
    readonly context: CommandContext,
    readonly mergedInto?: string,
  ) {
    super();
  }
}

@CommandHandler(DeleteIdentity)
export class DeleteIdentityHandler implements ICommandHandler<DeleteIdentity> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, context, mergedInto }: DeleteIdentity): Promise<null> {
    const rule = visibleTo(context.access, identityId, deleteIdentity(identityId, mergedInto));
    return this.identities.transact(identityId, rule, context, () => null);
  }
}
