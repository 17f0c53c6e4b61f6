import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { visibleTo } from '../identity.access.js';
import { attachAgent, attachBlock, detachAgent, detachBlock } from '../identity.decider.js';
import { type IdentityView, toView } from '../identity.view.js';
import { IdentityRepository } from '../projections/identity.repository.js';
import type { CommandContext } from './command-context.js';

const rules = {
  attach: { agent: attachAgent, block: attachBlock },
  detach: { agent: detachAgent, block: detachBlock },
} as const;

export type ReferenceAction = keyof typeof rules;
export type ReferenceTarget = keyof (typeof rules)['attach'];

/** Attaches an agent or block to an identity, or detaches it; doing so twice changes nothing. */
export class ChangeReference extends Command<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly action: ReferenceAction,
    readonly target: ReferenceTarget,
    /** `agent-<uuid4>` or `block-<uuid4>`. */
    readonly targetId: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ChangeReference)
export class ChangeReferenceHandler implements ICommandHandler<ChangeReference> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, action, target, targetId, context }: ChangeReference): Promise<IdentityView> {
    const rule = visibleTo(context.access, identityId, rules[action][target](identityId, targetId));
    return this.identities.transact(identityId, rule, context, (after) => toView(identityId, after));
  }
}
