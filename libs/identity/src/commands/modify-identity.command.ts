import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { visibleTo } from '../identity.access.js';
import { type IdentityPatch, modifyIdentity } from '../identity.decider.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

/** Changes the fields that are given; properties merge by key, agents and blocks are added. */
export class ModifyIdentity extends Command<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly patch: IdentityPatch,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ModifyIdentity)
export class ModifyIdentityHandler implements ICommandHandler<ModifyIdentity> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, patch, context }: ModifyIdentity): Promise<IdentityView> {
    const rule = visibleTo(context.access, identityId, modifyIdentity(identityId, patch));
    return this.identities.transact(identityId, rule, context, (after) => toView(identityId, after));
  }
}
