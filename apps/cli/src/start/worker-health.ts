import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '#platform';
import { type ReadinessChecks, type ReadinessDetails, readiness } from '../../../api/src/index.js';

/** `/health/live` and `/health/ready` of a process that runs no API. */
export async function serveWorkerHealth(
  checks: ReadinessChecks,
  { host, port, details }: { host: string; port: number; details?: ReadinessDetails },
): Promise<{ url: string; close(): Promise<void> }> {
  const log = createLogger('worker-health');
  const server = createServer(async ({ url }, response) => {
    if (url === '/health/live') return answer(response, 200, { status: 'ok' });
    if (url !== '/health/ready') return answer(response, 404, { detail: 'Not Found' });
    const state = await readiness(checks, log, details);
    return answer(response, state.status === 'ok' ? 200 : 503, state);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://${host}:${bound}`, close: () => closed(server) };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
