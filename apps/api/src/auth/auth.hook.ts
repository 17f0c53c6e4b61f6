import type { FastifyInstance } from 'fastify';
import type { ApiKey, ApiKeys } from '#platform';
import { ScopeMissingError, UnauthorizedError } from './auth.errors.js';
import { callerOf, nobody } from './caller.js';
import type { RequestBudget } from './request-budget.js';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Checks the key of every request before its body is read. A route that names no endpoint is for admins: forgetting
 * to say who may call it closes it.
 */
export function authenticateRequests(
  fastify: FastifyInstance,
  keys: Pick<ApiKeys, 'authenticate'>,
  budget: RequestBudget,
): void {
  fastify.decorateRequest('caller');
  fastify.addHook('onRequest', (request, _reply, done) => {
    const scope = request.routeOptions.config.endpoint?.scope ?? 'admin';
    request.caller = nobody;
    if (request.is404 || scope === 'public') return done();
    const admit = (key: ApiKey | undefined) => {
      // Failed attempts count against where they come from, so that guessing ends in 429, too.
      budget.spend(key ? key.id : request.ip);
      if (!key) throw new UnauthorizedError();
      request.caller = callerOf(key);
      if (!request.caller.may(scope)) throw new ScopeMissingError(scope);
    };
    const key = keys.authenticate(BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (key instanceof Promise) key.then(admit).then(() => done(), done);
    else settle(() => admit(key), done);
  });
}

function settle(work: () => void, done: (error?: Error) => void): void {
  let failure: Error | undefined;
  try {
    work();
  } catch (error) {
    failure = error as Error;
  }
  done(failure);
}
