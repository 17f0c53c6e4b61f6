import { z } from 'zod';

/** What Letta's clients require of an agent; everything else it has passes through. */
export const AgentState = z
  .looseObject({
    id: z.string(),
    agent_type: z.string(),
    blocks: z.array(z.unknown()),
    llm_config: z.looseObject({
      model: z.string(),
      model_endpoint_type: z.string(),
      context_window: z.number(),
    }),
    memory: z.looseObject({ blocks: z.array(z.unknown()) }),
    name: z.string(),
    sources: z.array(z.unknown()),
    system: z.string(),
    tags: z.array(z.string()),
    tools: z.array(z.unknown()),
  })
  .meta({ id: 'AgentState' });
export type AgentOnTheWire = z.infer<typeof AgentState>;

export const BlockResponse = z
  .looseObject({ id: z.string(), value: z.string() })
  .meta({ id: 'BlockResponse' });
export type BlockOnTheWire = z.infer<typeof BlockResponse>;

/** What a list of agents may be asked to fill in. */
export const AGENT_INCLUDES = [
  'agent.blocks',
  'agent.identities',
  'agent.managed_group',
  'agent.pending_approval',
  'agent.secrets',
  'agent.sources',
  'agent.tags',
  'agent.tools',
] as const;
