import type { FastifyInstance } from 'fastify';
import type { Logger } from '#platform';

/**
 * Answers each request with its id and, at log level debug, notes it: the route's pattern in place of the URL, which
 * may hold names and keys of people; no query, no body.
 */
export function logAccess(fastify: FastifyInstance, log: Logger): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  if (!log.isLevelEnabled('debug')) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    log.debug(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actor: request.caller?.actor,
      },
      'request',
    );
    done();
  });
}
