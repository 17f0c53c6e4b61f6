import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 50;

/**
 * Closing waits for requests under way, and then for their connections, which clients keep alive for further
 * requests: a drain would last as long as the keep-alive. Node closes those that are idle when closing begins;
 * this goes on closing them as they become idle.
 */
export function endIdleConnectionsOnClose(fastify: FastifyInstance): void {
  let looking: NodeJS.Timeout | undefined;
  fastify.addHook('preClose', (done) => {
    looking = setInterval(() => fastify.server.closeIdleConnections(), LOOK_EVERY_MS);
    done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    clearInterval(looking);
    done();
  });
}
