import type { FastifyRequest } from 'fastify';
import { ProjectId } from '#identity';
import type { Caller } from '../auth/caller.js';
import { InvalidRequestError } from '../http/invalid-request.error.js';

/** The project that the headers name, if they name one. SDKs send `X-Project-Id` or `X-Project`. */
export function projectNamed({ headers }: FastifyRequest): string | undefined {
  const project = headers['x-project-id'] || headers['x-project'];
  if (!project) return undefined;
  const parsed = ProjectId.safeParse(project);
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError('header', [
    { path: ['X-Project-Id'], message: parsed.error.issues[0]?.message ?? '' },
  ]);
}

/** Where a new identity belongs: the body's project, else the headers', else the only one the key is for. */
export function projectFor(
  body: { readonly project_id?: string | null | undefined },
  { request, caller }: { readonly request: FastifyRequest; readonly caller: Caller },
): string | null {
  const [only, ...others] = caller.access === 'all' ? [] : caller.access;
  return body.project_id ?? projectNamed(request) ?? (others.length === 0 ? only : undefined) ?? null;
}
