import type { TransactContext } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';

/** What a door adds to every command: who asks, what they may see, and how to recognise a repetition. */
export interface CommandContext extends TransactContext {
  readonly access: ProjectAccess;
}
