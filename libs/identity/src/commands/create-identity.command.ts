import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { uuidv4 } from '#platform';
import { requireProject } from '../identity.access.js';
import { createIdentity, type NewIdentity } from '../identity.decider.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

/** Creates an identity; refused when its key is taken in the project. */
export class CreateIdentity extends Command<IdentityView> {
  constructor(
    readonly identity: NewIdentity,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(CreateIdentity)
export class CreateIdentityHandler implements ICommandHandler<CreateIdentity> {
  constructor(private readonly identities: IdentityRepository) {}

  /** One round trip: nothing to load, and the unique index is what finds a taken key. */
  execute({ identity, context }: CreateIdentity): Promise<IdentityView> {
    requireProject(context.access, identity.projectId);
    const identityId = uuidv4();
    const nothing = { state: { status: 'unknown' }, version: 0 } as const;
    return this.identities.transact(
      identityId,
      createIdentity(identityId, identity),
      context,
      (after) => toView(identityId, after),
      nothing,
    );
  }
}
