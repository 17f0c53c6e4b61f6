import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 50;

/** Enough for a body that is on its way; who sends slower than that is told to send it elsewhere. */
const BODY_WITHIN_MS = 2_000;
/** Long enough to hear the refusal. */
const HEAR_WITHIN_MS = 500;
/** Less than the drain has in all: jobs have to end after it. */
const ANSWER_WITHIN_MS = 15_000;

/** The rest of a request's body did not come in time. */
export class ServiceClosingError extends Error {
  override readonly name = 'ServiceClosingError';
  readonly code = 'SERVICE_CLOSING';
  readonly statusCode = 503;
  constructor() {
    super('The server is being stopped and cannot wait for the rest of the request; send it again');
  }
}

/**
 * Closing waits for requests under way, and then for their connections: a drain would last as long as clients keep one
 * alive, send a body, or read an answer. Requests that are here are answered. Connections without one are closed as they
 * become idle, and after a moment those whose request has not come; who does not take an answer is cut at last.
 */
export function endConnectionsOnClose(fastify: FastifyInstance): void {
  const { server } = fastify;
  const connections = new Connections();
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => connections.serve(response));
  const timers: NodeJS.Timeout[] = [];
  fastify.addHook('preClose', (done) => {
    timers.push(
      setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS),
      setTimeout(() => connections.endUnfinished(), BODY_WITHIN_MS),
      setTimeout(() => server.closeAllConnections(), ANSWER_WITHIN_MS),
    );
    done();
  });
  fastify.addHook('onClose', (_instance, done) => {
    for (const timer of timers) clearTimeout(timer);
    done();
  });
}

/** What each open connection was last asked. */
class Connections {
  private readonly latest = new Map<Socket, ServerResponse | undefined>();

  add(socket: Socket): void {
    this.latest.set(socket, undefined);
    socket.once('close', () => this.latest.delete(socket));
  }

  serve(response: ServerResponse): void {
    const { socket } = response;
    if (socket) this.latest.set(socket, response);
  }

  endUnfinished(): void {
    for (const [socket, response] of this.latest) {
      // Headers that never ended, of a first request or of a further one.
      if (!response || response.writableFinished) socket.destroy();
      else if (!response.req.complete) refuse(response.req, response, socket);
    }
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, socket: Socket): void {
  const hangUp = () => setTimeout(() => socket.destroy(), HEAR_WITHIN_MS);
  // Whoever reads the body answers with its error; that of a body which nobody reads would end the process.
  if (response.headersSent || request.listenerCount('error') === 0) return void hangUp();
  response.once('finish', hangUp);
  request.emit('error', new ServiceClosingError());
}
