import { uuidv7 } from '#platform';
import type { CommandContext } from '../commands/command-context.js';
import type { NewIdentity } from '../identity.decider.js';

/** An identity to be created; say what matters. Its key is its own. */
export const anIdentity = (given: Partial<NewIdentity> = {}): NewIdentity => ({
  projectId: null,
  identifierKey: `user-${uuidv7()}`,
  name: 'Ada',
  identityType: 'user',
  ...given,
});

/** A caller who may see and change everything. */
export const aContext = (given: Partial<CommandContext> = {}): CommandContext => ({
  access: 'all',
  metadata: { actor: 'key:1', source: 'rest', correlationId: 'c-1' },
  ...given,
});
