import type { StreamAppend } from '#event-sourcing';
import type { IdentityEvent } from '../identity.events.js';
import type { Identity } from '../identity.state.js';

/** An append to an identity's stream, with the states around it. */
export type IdentityAppend = StreamAppend<IdentityEvent, Identity>;

/** What a row is made from: the states a command decided on and left, which hold at one exact version only. */
export function statesOf({ streamId, expectedVersion, before, after }: IdentityAppend): {
  before: Identity;
  after: Identity;
} {
  if (!before || !after || expectedVersion === 'any') {
    throw new TypeError(`The append to identity ${streamId} lacks its states or the version they are of`);
  }
  return { before, after };
}
