import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#platform';
import { sendJson } from '../http/answer.js';
import type { RouteTable } from '../http/route-table.js';
import type { Refusal } from './error-table.js';
import { loggable } from './loggable.js';
import { refusalOf } from './refusal-of.js';

/** Answers every error of every route, hook and parser: `{"detail": …}` and a status, by the one table of codes. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly log: Logger,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalOf(error);
    if (reply.sent || reply.raw.headersSent) this.breakOff(error, request, reply);
    else if (request.is404) this.answerUnknownRoute(request, reply);
    else if (refusal) refuse(error as Error, refusal, reply, this.log);
    else this.answerFailure(error, request, reply);
  }

  private answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    this.log.error(
      { err: loggable(error), requestId: request.id, route: request.routeOptions.url },
      'a request failed',
    );
    reply.code(500);
    sendJson(reply, { detail: `An internal error occurred (request ${request.id})` });
  }

  private answerUnknownRoute(request: FastifyRequest, reply: FastifyReply): void {
    const methods = this.routes.methodsOf(request.url);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    reply.code(methods.length > 0 ? 405 : 404);
    sendJson(reply, { detail: methods.length > 0 ? 'Method Not Allowed' : 'Not Found' });
  }

  /** The answer is under way (a stream broke): all that is left is to end it where the client can notice. */
  private breakOff(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    this.log.error(
      { err: loggable(error), requestId: request.id, route: request.routeOptions.url },
      'an answer broke off',
    );
    reply.raw.destroy();
  }
}

function refuse(error: Error, refusal: Refusal, reply: FastifyReply, log: Logger): void {
  const { status, retry, detail = error.message } = refusal;
  if (status >= 500)
    log.warn({ err: loggable(error), requestId: reply.request.id }, 'a request could not be served');
  reply.code(status);
  const { retryAfterSeconds = refusal.retryAfter } = error as { retryAfterSeconds?: number };
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (retry !== undefined) reply.header('x-should-retry', String(retry));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rollcall"');
  const { examples } = error as { examples?: readonly string[] };
  sendJson(reply, status === 422 ? { trace_id: '', detail, ...(examples && { examples }) } : { detail });
}
