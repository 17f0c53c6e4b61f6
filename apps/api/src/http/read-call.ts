import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { isStorableJson } from '#platform';
import { readJson, readUnparsed } from './body.js';
import { type Call, type Endpoint, restOf } from './endpoint.js';
import { InvalidPathIdError, InvalidRequestError, type Part } from './invalid-request.error.js';
import { tidyQuery } from './query.js';

/** Parses a request by its endpoint's shapes. @throws InvalidRequestError saying where and what was expected. */
export function readCall(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Call {
  return {
    params: endpoint.params && parse('path', endpoint.params, paramsOf(endpoint, request)),
    query: endpoint.query && parse('query', endpoint.query, tidyQuery(request.query)),
    body: endpoint.body && bodyOf(endpoint.body, request),
    caller: request.caller,
    request,
    reply,
  };
}

/** The router calls the rest of a path `*`. */
function paramsOf({ path }: Endpoint, { params }: FastifyRequest): unknown {
  const { '*': rest, ...named } = params as Record<string, string>;
  if (rest === undefined) return params;
  return { ...named, [restOf(path) ?? '*']: rest };
}

function bodyOf(body: NonNullable<Endpoint['body']>, request: FastifyRequest): unknown {
  if (typeof body === 'string') return readUnparsed(body, request);
  return parse('body', body, readJson(request));
}

function parse<Shape extends z.ZodType>(part: Part, shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) {
    refuseUnstorable(part, value);
    return parsed.data;
  }
  throw part === 'path'
    ? new InvalidPathIdError(parsed.error.issues)
    : new InvalidRequestError(part, parsed.error.issues);
}

/** For shapes that take any text: no request has business with what the database cannot hold. */
function refuseUnstorable(part: Part, value: unknown): void {
  if (isStorableJson(value)) return;
  const message = 'texts and keys must not hold NUL characters or unpaired surrogates';
  throw new InvalidRequestError(part, [{ path: [], message }]);
}
