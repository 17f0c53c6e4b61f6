import type { ProjectAccess } from '#identity';
import { type ApiKey, allows, type Scope } from '#platform';

/** Who a request comes from: an API key, seen from its rights. */
export interface Caller {
  /** As events name it: `key:<id>`. */
  readonly actor: string;
  readonly keyId: string;
  readonly access: ProjectAccess;
  may(scope: Scope): boolean;
}

export const callerOf = ({ id, scopes, projectIds }: ApiKey): Caller => ({
  actor: `key:${id}`,
  keyId: id,
  access: projectIds.length === 0 ? 'all' : projectIds,
  may: (scope) => allows(scopes, scope),
});

/** The caller of a public endpoint: sees and may do nothing. */
export const nobody: Caller = { actor: 'nobody', keyId: '', access: [], may: () => false };

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}
