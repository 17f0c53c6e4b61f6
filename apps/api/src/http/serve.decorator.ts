import { HttpCode, Req, RequestMapping, RequestMethod, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendAnswer } from './answer.js';
import type { AnswerOf, CallOf, Endpoint, OtherAnswer } from './endpoint.js';
import { readCall } from './read-call.js';

/**
 * Makes a controller's method answer an endpoint: its key is checked before the body is read (auth.hook.ts), the
 * request is parsed once by the endpoint's shapes, and what the method returns is sent.
 *
 * ```ts
 * @Serve(retrieveIdentity)
 * retrieve({ params, caller }: CallOf<typeof retrieveIdentity>) { … }
 * ```
 *
 * One plain function around the method, where Nest's pipes, guards and interceptors would each add promises to every
 * request.
 */
export const Serve =
  <const E extends Endpoint>(endpoint: E) =>
  <H extends Handler<E>>(target: object, name: string, descriptor: TypedPropertyDescriptor<H>): void => {
    const handle = descriptor.value as H;
    const served = descriptor as TypedPropertyDescriptor<unknown>;
    served.value = async function serve(this: unknown, request: FastifyRequest, reply: FastifyReply) {
      const call = readCall(endpoint, request, reply) as CallOf<E>;
      sendAnswer(endpoint, reply, await handle.call(this, call));
    };
    Req()(target, name, 0);
    Res()(target, name, 1);
    HttpCode(endpoint.status ?? 200)(target, name, served);
    RouteConfig({ endpoint })(target, name, served);
    RequestMapping({ method: RequestMethod[endpoint.method], path: nestPath(endpoint.path) })(
      target,
      name,
      served,
    );
  };

type Handler<E> = (call: CallOf<E>) => AnswerOf<E> | OtherAnswer | Promise<AnswerOf<E> | OtherAnswer>;

const nestPath = (path: string): string =>
  path.replace(/\{\w+\.\.\.\}$/, '*').replaceAll(/\{(\w+)\}/g, ':$1');
