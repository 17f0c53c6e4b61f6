import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#platform';
import { type Refusal, refusal, refusalBody } from '../errors/refusal.js';
import { refusalOf } from '../errors/refusal-of.js';
import { refuse } from '../errors/refuse.js';
import { requestId } from './request-id.js';

/** A URL that no router can read: refused before any hook or route. */
export function answerBrokenUrl(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  refuse(reply, refusalOf(error) ?? refusal('INVALID_PATH'));
}

/** Bytes that are not HTTP, or headers too large or too slow: there is no request to answer, only a socket. */
export const answerBrokenRequests =
  (log: Logger) =>
  (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const known = refusalOf(error) ?? refusal('MALFORMED_REQUEST');
    const id = requestId({ headers: {} });
    log.debug({ requestId: id, status: known.status, code: error.code }, 'no request');
    if (socket.writable) socket.write(messageOf(known, id));
    socket.destroySoon();
  };

/** What Node would refuse on its own, without a word: HTTP/1.1 without a Host, and an Expect that it does not know. */
export function refuseInNodesPlace(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const lacksHost = raw.httpVersion === '1.1' && raw.headers.host === undefined;
    done(lacksHost ? new HostMissingError() : undefined);
  });
  fastify.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    refuseRaw(response, refusal('EXPECTATION_FAILED'), request),
  );
}

/** A refusal where there is no framework; `more` stands in its body, too. */
export function refuseRaw(
  response: ServerResponse,
  known: Refusal,
  request: IncomingMessage,
  more: object = {},
): void {
  const id = requestId(request);
  const body = JSON.stringify({ ...more, ...refusalBody(known, id) });
  const length = Buffer.byteLength(body);
  const headers = { 'content-type': 'application/json', 'content-length': length, 'x-request-id': id };
  response.writeHead(known.status, headers).end(body);
}

function messageOf(known: Refusal, id: string): string {
  const body = JSON.stringify(refusalBody(known, id));
  return [
    `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
    `\r\n${body}`,
  ].join('\r\n');
}

class HostMissingError extends Error {
  override readonly name = 'HostMissingError';
  readonly code = 'MALFORMED_REQUEST';
  constructor() {
    super('Bad Request');
  }
}
