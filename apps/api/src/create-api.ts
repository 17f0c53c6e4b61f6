import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, createLogger, NestLogger } from '#platform';
import { ApiModule } from './api.module.js';
import type { ApiParts } from './api-parts.js';
import { authenticateRequests } from './auth/auth.hook.js';
import { RequestBudget } from './auth/request-budget.js';
import { ErrorFilter } from './errors/error.filter.js';
import { logAccess } from './http/access-log.js';
import { registerBodyReaders } from './http/body.js';
import { answerBrokenRequests, answerBrokenUrl, refuseInNodesPlace } from './http/broken-request.js';
import { endConnectionsOnClose } from './http/drain.js';
import { requestId } from './http/request-id.js';
import { RouteTable } from './http/route-table.js';

/** The HTTP API, ready to listen. Closing it is the caller's, as are the pool and the Prisma client. */
export async function createApi(parts: ApiParts): Promise<NestFastifyApplication> {
  const log = createLogger('api');
  const adapter = new FastifyAdapter({
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    genReqId: requestId,
    requestIdHeader: false,
    skipMiddie: true,
    // Answered, and its connection closed after it: Fastify's own 503 says neither when to come back nor why.
    return503OnClosing: false,
    frameworkErrors: answerBrokenUrl,
    clientErrorHandler: answerBrokenRequests(log),
    http: { requireHostHeader: false },
  });
  const fastify = adapter.getInstance();
  const routes = new RouteTable(fastify);
  endConnectionsOnClose(fastify);
  registerBodyReaders(fastify);
  logAccess(fastify, log);
  refuseInNodesPlace(fastify);
  authenticateRequests(
    fastify,
    parts.keys ?? new ApiKeys(parts.prisma),
    new RequestBudget(parts.config.ROLLCALL_RATE_LIMIT),
  );
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.of({ ...parts, routes }), adapter, {
    logger: new NestLogger(),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ErrorFilter(routes, log));
  await app.init();
  return app;
}

/** A property's key, percent-encoded. */
const MAX_PARAM_LENGTH = 4_096;
