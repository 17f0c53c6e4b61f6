import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { visibleTo } from '../identity.access.js';
import { removeProperty } from '../identity.decider.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

/** Removes a property; one that is not there is removed already. */
export class RemoveProperty extends Command<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly key: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RemoveProperty)
export class RemovePropertyHandler implements ICommandHandler<RemoveProperty> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, key, context }: RemoveProperty): Promise<IdentityView> {
    const rule = visibleTo(context.access, identityId, removeProperty(identityId, key));
    return this.identities.transact(identityId, rule, context, (after) => toView(identityId, after));
  }
}
