import { Controller, Inject } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ChangeReference,
  GetEverAttached,
  GetIdentity,
  IdentityId,
  identityUuid,
  type ProjectAccess,
  type ReferenceAction,
  type ReferenceTarget,
} from '#identity';
import { commandContext } from '../http/command-context.js';
import type { Call, CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import { bareBlock, LETTA_OBJECTS, type LettaObjects } from '../letta/letta-objects.js';
import { pageOfReferences, type References } from './reference-page.js';
import * as endpoints from './references.endpoints.js';
import { InvalidArgumentError, ReferenceNotFoundError } from './references.errors.js';

/** Agents and blocks of an identity, and the routes that attach and detach them. */
@Controller()
export class ReferencesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(LETTA_OBJECTS) private readonly letta: LettaObjects,
  ) {}

  @Serve(endpoints.listAgents)
  async agents({ params, query, caller }: CallOf<typeof endpoints.listAgents>) {
    const references = await this.references(params.identity_id, caller.access, 'agent');
    return pageOfReferences(references, query, (id) => this.letta.agent(id, query.include));
  }

  @Serve(endpoints.listBlocks)
  async blocks({ params, query, caller }: CallOf<typeof endpoints.listBlocks>) {
    const references = await this.references(params.identity_id, caller.access, 'block');
    return pageOfReferences(references, query, (id) => this.letta.block(id));
  }

  @Serve(endpoints.attachToAgent)
  async attachToAgent(call: CallOf<typeof endpoints.attachToAgent>) {
    await this.change(call, 'attach', 'agent', call.params.agent_id);
    return null;
  }

  @Serve(endpoints.detachFromAgent)
  async detachFromAgent(call: CallOf<typeof endpoints.detachFromAgent>) {
    await this.change(call, 'detach', 'agent', call.params.agent_id);
    return null;
  }

  /** The block is fetched first: once the identity is changed, nothing can fail any more. */
  @Serve(endpoints.attachToBlock)
  async attachToBlock(call: CallOf<typeof endpoints.attachToBlock>) {
    const { block_id: id } = call.params;
    const block = await this.letta.block(id);
    if (!block) throw new ReferenceNotFoundError('Block', id);
    await this.change(call, 'attach', 'block', id);
    return block;
  }

  /** Also from a block that is gone: that is when one wants to. */
  @Serve(endpoints.detachFromBlock)
  async detachFromBlock(call: CallOf<typeof endpoints.detachFromBlock>) {
    const { block_id: id } = call.params;
    const block = await this.letta.block(id);
    await this.change(call, 'detach', 'block', id);
    return block ?? bareBlock(id);
  }

  private async change(
    call: Call<{ identity_id: string }>,
    action: ReferenceAction,
    target: ReferenceTarget,
    targetId: string,
  ): Promise<void> {
    const id = requireIdentityId(call.params.identity_id);
    await this.commands.execute(new ChangeReference(id, action, target, targetId, commandContext(call)));
  }

  private async references(id: string, access: ProjectAccess, target: ReferenceTarget): Promise<References> {
    const identityId = identityUuid(id);
    const identity = await this.queries.execute(new GetIdentity(identityId, access));
    return {
      kind: target === 'agent' ? 'Agent' : 'Block',
      attached: target === 'agent' ? identity.agentIds : identity.blockIds,
      everAttached: () => this.queries.execute(new GetEverAttached(identityId, target, access)),
    };
  }
}

const SHOWN = 80;

function requireIdentityId(id: string): string {
  if (IdentityId.safeParse(id).success) return identityUuid(id);
  throw new InvalidArgumentError(
    `Invalid identity ID format: ${id.slice(0, SHOWN)}. Expected format: 'identity-<uuid4>'`,
  );
}
