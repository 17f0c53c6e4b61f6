import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#platform';
import type { RouteTable } from '../http/route-table.js';
import { loggable } from './loggable.js';
import { type Refusal, refusal } from './refusal.js';
import { refusalOf } from './refusal-of.js';
import { refuse } from './refuse.js';

/** Answers every error of every route, hook and parser, by the one table of codes. */
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
    const known = refusalOf(error);
    if (reply.sent || reply.raw.headersSent) this.breakOff(error, request, reply);
    else if (request.is404) this.answerUnknownRoute(request, reply);
    else if (known) this.answerRefusal(error as Error, known, reply);
    else this.answerFailure(error, request, reply);
  }

  private answerRefusal(error: Error, known: Refusal, reply: FastifyReply): void {
    if (known.status >= 500)
      this.log.warn(
        { err: loggable(error), requestId: reply.request.id, code: known.code },
        'a request could not be served',
      );
    refuse(reply, known, error);
  }

  private answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    this.log.error(
      { err: loggable(error), requestId: request.id, route: request.routeOptions.url },
      'a request failed',
    );
    refuse(reply, refusal('INTERNAL_ERROR', `An internal error occurred (request ${request.id})`));
  }

  private answerUnknownRoute(request: FastifyRequest, reply: FastifyReply): void {
    const methods = this.routes.methodsOf(request.url);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    refuse(reply, methods.length > 0 ? refusal('METHOD_NOT_ALLOWED') : refusal('ROUTE_NOT_FOUND'));
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
