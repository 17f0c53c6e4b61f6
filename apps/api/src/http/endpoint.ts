import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Scope } from '#platform';
import type { Caller } from '../auth/caller.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A body that a handler reads itself: all of its bytes at once, or as they come. */
export type UnparsedBody = 'bytes' | 'stream';

/** Request headers that change what an endpoint does, for the reference. */
export type MeaningfulHeader = 'Idempotency-Key' | 'If-Match' | 'If-None-Match' | 'X-Project-Id';

/**
 * Everything the front door needs to know about a route: who may call it, what it takes, what it answers. The guard,
 * the parser and the OpenAPI document all read this one object, so they cannot disagree.
 */
export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType | UnparsedBody = z.ZodType | UnparsedBody,
  Answer extends z.ZodType | AnswerOfItsOwn = z.ZodType | AnswerOfItsOwn,
> {
  readonly method: Method;
  /**
   * As OpenAPI writes it: `/v1/identities/{identity_id}`. Answers with and without a trailing slash. A last part
   * `{name...}` takes the whole rest of the path, slashes and all.
   */
  readonly path: string;
  /** The scope a key must hold; `public` needs no key. */
  readonly scope: Scope | 'public';
  readonly tag: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly params?: Params;
  readonly query?: Query;
  readonly headers?: readonly MeaningfulHeader[];
  readonly body?: Body;
  /** Of an unparsed body: the media types it may have. */
  readonly bodyTypes?: readonly string[];
  readonly answer: Answer;
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** Which refusals a caller should expect, besides the ones every endpoint has (401, 403, 422, 429). */
  readonly refusals?: readonly number[];
}

/** An answer that is not JSON: a string, buffer or stream of this media type. */
export interface AnswerOfItsOwn {
  readonly mediaType: string;
}

/** Returned by a handler to answer with something other than the JSON that its endpoint usually answers. */
export class OtherAnswer {
  constructor(
    readonly mediaType: string,
    readonly body: string | Buffer,
  ) {}
}

/** The name of the parameter that takes the rest of the path, or undefined. */
export const restOf = (path: string): string | undefined => /\{(\w+)\.\.\.\}$/.exec(path)?.[1];

/** Writes down an endpoint; the types of its parts are inferred. */
export const endpoint = <
  const Params extends z.ZodType = z.ZodUndefined,
  const Query extends z.ZodType = z.ZodUndefined,
  const Body extends z.ZodType | UnparsedBody = z.ZodUndefined,
  const Answer extends z.ZodType | AnswerOfItsOwn = z.ZodType,
>(
  definition: Endpoint<Params, Query, Body, Answer>,
): Endpoint<Params, Query, Body, Answer> => definition;

/** One request to an endpoint, parsed. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who asks; of a public endpoint, nobody in particular. */
  readonly caller: Caller;
  readonly request: FastifyRequest;
  /** To set headers on. The answer itself is what the handler returns. */
  readonly reply: FastifyReply;
}

/** What a handler of this endpoint is given. */
export type CallOf<E> =
  E extends Endpoint<infer Params, infer Query, infer Body, infer _>
    ? Call<z.output<Params>, z.output<Query>, BodyOf<Body>>
    : never;

type BodyOf<Body> = Body extends z.ZodType
  ? z.output<Body>
  : Body extends 'bytes'
    ? Buffer
    : NodeJS.ReadableStream;

/** What a handler of this endpoint returns. */
export type AnswerOf<E> =
  E extends Endpoint<infer _Params, infer _Query, infer _Body, infer Answer>
    ? Answer extends z.ZodType
      ? z.input<Answer>
      : string | Buffer | NodeJS.ReadableStream
    : never;

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint;
  }
}
