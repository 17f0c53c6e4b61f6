import type { Decision } from '#event-sourcing';
import { IdentityNotFoundError, ProjectForbiddenError } from './identity.errors.js';
import type { IdentityEvent } from './identity.events.js';
import type { Identity } from './identity.state.js';

/** The projects a caller may see and change; `all` includes identities in no project. */
export type ProjectAccess = 'all' | readonly string[];

export const mayAccess = (access: ProjectAccess, projectId: string | null): boolean =>
  access === 'all' || (projectId !== null && access.includes(projectId));

/** @throws ProjectForbiddenError when the caller may not write to the project it names. */
export function requireProject(access: ProjectAccess, projectId: string | null): void {
  if (!mayAccess(access, projectId)) throw new ProjectForbiddenError(projectId);
}

/** A rule for an identity the caller can see; another project's identity is as good as none. */
export const visibleTo =
  (
    access: ProjectAccess,
    identityId: string,
    rule: Decision<Identity, IdentityEvent>,
  ): Decision<Identity, IdentityEvent> =>
  (identity) => {
    if (identity.status === 'live' && !mayAccess(access, identity.projectId))
      throw new IdentityNotFoundError(identityId);
    return rule(identity);
  };
