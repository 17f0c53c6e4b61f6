import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UnreadableBodyError } from './invalid-request.error.js';

/** Room for an identity with hundreds of long properties; imports are streamed and have no such bound. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

const JSON_TYPES = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/**
 * JSON is read as bytes and parsed by the endpoint (a webhook's signature is over those very bytes); anything else
 * stays a stream for the endpoints that take one.
 */
export function registerBodyReaders(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    JSON_TYPES,
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, bytes, done) => done(null, wantsStream(request) ? Readable.from(bytes as Buffer) : bytes),
  );
  fastify.addContentTypeParser('*', (_request, stream, done) => done(null, stream));
}

/** The request's JSON. @throws UnreadableBodyError when there is none, or none that we take. */
export function readJson(request: FastifyRequest): unknown {
  const { body } = request;
  if (body === undefined || body === null) throw new UnreadableBodyError('a JSON body is required');
  if (!Buffer.isBuffer(body)) {
    throw new UnreadableBodyError('expected JSON, sent with the header Content-Type: application/json');
  }
  if (body.length === 0) throw new UnreadableBodyError('a JSON body is required');
  if (!isUtf8(body)) throw new UnreadableBodyError('expected UTF-8');
  return parseJson(request, body.toString('utf8'));
}

/** Fastify's own parser refuses what would poison a prototype. It calls back before it returns. */
function parseJson(request: FastifyRequest, text: string): unknown {
  let parsed: unknown;
  request.server.getDefaultJsonParser('error', 'error')(request, text, (error, value) => {
    if (error)
      throw new UnreadableBodyError('expected valid JSON, without "__proto__" keys', { cause: error });
    parsed = value;
  });
  return parsed;
}

const wantsStream = (request: FastifyRequest): boolean =>
  request.routeOptions.config.endpoint?.body === 'stream';
