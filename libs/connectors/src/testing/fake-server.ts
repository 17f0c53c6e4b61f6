import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FakeReply {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** May write to the response itself, for answers no well-behaved server gives; then it returns null. */
export type FakeHandler = (request: FakeRequest, response: ServerResponse) => Promise<FakeReply | null>;

export interface FakeServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A real HTTP server on the loopback interface around one handler. `maxHeaderSize` is for a vendor that answers a long
 * URL itself: Node's own limit is 16 KiB, with 431.
 */
export async function startFakeServer(
  handler: FakeHandler,
  port = 0,
  limits: { readonly maxHeaderSize?: number } = {},
): Promise<FakeServer> {
  const server = createServer(limits, (incoming, response) => {
    answer(handler, incoming, response).catch((error: unknown) => {
      sendReply(response, {
        status: 500,
        json: { message: error instanceof Error ? error.message : 'failed' },
      });
    });
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => close(server),
  };
}

async function answer(
  handler: FakeHandler,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const request = {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
  const reply = await handler(request, response);
  if (reply) sendReply(response, reply);
}

export function sendReply(response: ServerResponse, { status, json, headers }: FakeReply): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
