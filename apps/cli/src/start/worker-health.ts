import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '#platform';
import {
  type ReadinessChecks,
  type ReadinessDetails,
  readiness,
  refusal,
  refuseRaw,
} from '../../../api/src/index.js';

/** `/health/live` and `/health/ready` of a process that runs no API. */
export async function serveWorkerHealth(
  checks: ReadinessChecks,
  { host, port, details }: { host: string; port: number; details?: ReadinessDetails },
): Promise<{ url: string; close(): Promise<void> }> {
  const log = createLogger('worker-health');
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return answer(response, { status: 'ok' });
    if (request.url !== '/health/ready') return refuseRaw(response, refusal('ROUTE_NOT_FOUND'), request);
    const state = await readiness(checks, log, details);
    if (state.status === 'ok') return answer(response, state);
    return refuseRaw(response, refusal('NOT_READY'), request, state);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://${host}:${bound}`, close: () => closed(server) };
}

function answer(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
