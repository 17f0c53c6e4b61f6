import type { AgentOnTheWire, BlockOnTheWire } from './letta.wire.js';

/** Agents and blocks by id. Rollcall owns neither: identities refer to them. */
export interface LettaObjects {
  /** Undefined for an id that names no agent (any more). */
  agent(id: string, include?: readonly string[]): Promise<AgentOnTheWire | undefined>;
  block(id: string): Promise<BlockOnTheWire | undefined>;
}

export const LETTA_OBJECTS = Symbol('LETTA_OBJECTS');

/** Without a Letta server to ask, the smallest objects that clients accept, made from the reference alone. */
export const bareReferences: LettaObjects = {
  agent: async (id) => bareAgent(id),
  block: async (id) => bareBlock(id),
};

export const bareBlock = (id: string): BlockOnTheWire => ({ id, value: '' });

const bareAgent = (id: string): AgentOnTheWire => ({
  id,
  name: id,
  agent_type: 'letta_v1_agent',
  system: '',
  llm_config: { model: 'unknown', model_endpoint_type: 'openai', context_window: 0 },
  memory: { blocks: [] },
  blocks: [],
  sources: [],
  tags: [],
  tools: [],
});
