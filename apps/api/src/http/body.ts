import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DOCUMENT_BOUNDS, describeExcess, excessOf } from '#platform';
import type { UnparsedBody } from './endpoint.js';
import { BodyTooLargeError, UnreadableBodyError } from './invalid-request.error.js';

/** Room for an identity with hundreds of properties; a file is taken as a stream, which has no such bound. */
export const MAX_BODY_BYTES = 1024 * 1024;

const JSON_TYPES = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/**
 * JSON is read as bytes and parsed by its endpoint (a webhook's signature is over those very bytes). Of any other
 * type, the bytes are read for an endpoint that wants them, and else left as the stream they come in.
 */
export function registerBodyReaders(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    JSON_TYPES,
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (_request, bytes, done) => done(null, bytes),
  );
  fastify.addContentTypeParser('*', async (request: FastifyRequest, stream: Readable) =>
    request.routeOptions.config.endpoint?.body === 'bytes' ? bytesOf(stream) : stream,
  );
}

/** A body that its handler reads itself. */
export function readUnparsed(kind: UnparsedBody, { body }: FastifyRequest): Buffer | Readable {
  const given = (body ?? Buffer.alloc(0)) as Buffer | Readable;
  return kind === 'stream' && Buffer.isBuffer(given) ? Readable.from(given) : given;
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
  const excess = excessOf(text, DOCUMENT_BOUNDS);
  if (excess) throw new UnreadableBodyError(`the JSON ${describeExcess(excess)}`);
  let parsed: unknown;
  request.server.getDefaultJsonParser('error', 'error')(request, text, (error, value) => {
    if (error)
      throw new UnreadableBodyError('expected valid JSON, without "__proto__" keys', { cause: error });
    parsed = value;
  });
  return parsed;
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
