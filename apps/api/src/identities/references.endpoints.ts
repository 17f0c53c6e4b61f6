import { z } from 'zod';
import { AgentId, BlockId, IdentityId } from '#identity';
import { type Endpoint, endpoint } from '../http/endpoint.js';
import { pageParams } from '../http/query.js';
import { AGENT_INCLUDES, AgentState, BlockResponse } from '../letta/letta.wire.js';

const tag = 'identities';
const params = z.object({ identity_id: IdentityId });

const include = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(AGENT_INCLUDES)))
  .optional()
  .meta({
    description: 'What to fill in, with LETTA_UPSTREAM_URL set; repeat it for several.',
    parameterSchema: { type: 'array', items: { type: 'string', enum: [...AGENT_INCLUDES] } },
  });

export const listAgents = endpoint({
  method: 'GET',
  path: '/v1/identities/{identity_id}/agents',
  scope: 'read',
  tag,
  id: 'list_agents_for_identity',
  summary: 'List the agents of an identity',
  description:
    'With LETTA_UPSTREAM_URL, as that server holds them; without, minimal objects made from the references.',
  params,
  query: z.object({ ...pageParams, include }),
  answer: z.array(AgentState),
  refusals: [404, 502, 504],
});

export const listBlocks = endpoint({
  method: 'GET',
  path: '/v1/identities/{identity_id}/blocks',
  scope: 'read',
  tag,
  id: 'list_blocks_for_identity',
  summary: 'List the blocks of an identity',
  params,
  query: z.object(pageParams),
  answer: z.array(BlockResponse),
  refusals: [404, 502, 504],
});

/** Here, as in Letta, an identity id that is none is a bad argument (400). */
const anyIdentityId = z.string().meta({ example: 'identity-123e4567-e89b-42d3-8456-426614174000' });

const reference = {
  method: 'PATCH',
  scope: 'write',
  headers: ['Idempotency-Key', 'If-Match', 'If-None-Match'],
} as const satisfies Partial<Endpoint>;

const agentReference = {
  ...reference,
  tag: 'agents',
  params: z.object({ agent_id: AgentId, identity_id: anyIdentityId }),
  answer: z.null(),
  refusals: [400, 404, 409, 412],
};
const blockReference = {
  ...reference,
  tag: 'blocks',
  params: z.object({ block_id: BlockId, identity_id: anyIdentityId }),
  answer: BlockResponse,
  refusals: [400, 404, 409, 412, 502, 504],
};

export const attachToAgent = endpoint({
  ...agentReference,
  path: '/v1/agents/{agent_id}/identities/attach/{identity_id}',
  id: 'attach_identity_to_agent',
  summary: 'Attach an identity to an agent',
});

export const detachFromAgent = endpoint({
  ...agentReference,
  path: '/v1/agents/{agent_id}/identities/detach/{identity_id}',
  id: 'detach_identity_from_agent',
  summary: 'Detach an identity from an agent',
});

export const attachToBlock = endpoint({
  ...blockReference,
  path: '/v1/blocks/{block_id}/identities/attach/{identity_id}',
  id: 'attach_identity_to_block',
  summary: 'Attach an identity to a block',
});

export const detachFromBlock = endpoint({
  ...blockReference,
  path: '/v1/blocks/{block_id}/identities/detach/{identity_id}',
  id: 'detach_identity_from_block',
  summary: 'Detach an identity from a block',
});
