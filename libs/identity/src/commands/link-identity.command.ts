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

export type LinkAction = keyof typeof rules;
export type LinkTarget = keyof (typeof rules)['attach'];

/** Attaches an agent or block to an identity, or detaches it; doing so twice changes nothing. */
export class LinkIdentity extends Command<IdentityView> {
  constructor(
    readonly identityId: string,
    readonly action: LinkAction,
    readonly target: LinkTarget,
    /** `agent-<uuid4>` or `block-<uuid4>`. */
    readonly targetId: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(LinkIdentity)
export class LinkIdentityHandler implements ICommandHandler<LinkIdentity> {
  constructor(private readonly identities: IdentityRepository) {}

  execute({ identityId, action, target, targetId, context }: LinkIdentity): Promise<IdentityView> {
    const rule = visibleTo(context.access, identityId, rules[action][target](identityId, targetId));
    return this.identities.transact(identityId, rule, context, (after) => toView(identityId, after));
  }
}
