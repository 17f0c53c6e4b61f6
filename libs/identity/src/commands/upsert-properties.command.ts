import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { visibleTo } from '../identity.access.js';
import { upsertProperties } from '../identity.decider.js';
import type { IdentityProperty } from '../identity.state.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

/** Updates or creates properties by key; the others stay. */
export class UpsertProperties extends Command<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly properties: readonly IdentityProperty[],
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(UpsertProperties)
export class UpsertPropertiesHandler implements ICommandHandler<UpsertProperties> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, properties, context }: UpsertProperties): Promise<IdentityView> {
    const rule = visibleTo(context.access, identityId, upsertProperties(identityId, properties));
    return this.identities.transact(identityId, rule, context, (after) => toView(identityId, after));
  }
}
