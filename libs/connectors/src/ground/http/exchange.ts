import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { NetworkPolicy } from '../../port/call-context.js';
import { ConnectorError, InvalidResponse, Transient } from '../../port/connector.errors.js';
import { guardedLookup, guardUrl } from './address-guard.js';

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * One request, one bounded answer. It is node's own client instead of `fetch`, because only that lets the
 * address guard sit inside the connection; and it never follows a redirect.
 */
export async function exchange(request: OutgoingRequest, policy: NetworkPolicy): Promise<RawReply> {
  guardUrl(request.url, policy.allowPrivateNetwork === true);
  const deadline = AbortSignal.timeout(policy.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
  try {
    const message = await open(request, policy, signal);
    const body = await readBounded(decoded(message), policy.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES);
    return { status: message.statusCode ?? 0, headers: message.headers, body };
  } catch (error) {
    request.signal?.throwIfAborted();
    throw explained(error, request, deadline.aborted);
  }
}

function open(
  request: OutgoingRequest,
  policy: NetworkPolicy,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = withResolvers<IncomingMessage>();
  const secure = request.url.protocol === 'https:';
  const agents = policy.allowPrivateNetwork ? OPEN_AGENTS : GUARDED_AGENTS;
  const outgoing = (secure ? httpsRequest : httpRequest)(request.url, {
    method: request.method,
    headers: { ...request.headers, 'accept-encoding': 'gzip', ...contentLength(request.body) },
    agent: secure ? agents.https : agents.http,
    signal,
  });
  outgoing.once('response', resolve);
  outgoing.once('error', reject);
  outgoing.end(request.body);
  return promise;
}

function contentLength(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

/** A failure inside the pipe ends the reading of its last stream, so the callback has nothing to add. */
function decoded(message: IncomingMessage): Readable {
  const encoding = message.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return message;
  if (encoding === 'gzip') return pipeline(message, createGunzip(), () => undefined);
  message.destroy();
  throw new InvalidResponse(`The answer has content encoding ${encoding}, which was not asked for`);
}

/** Counts after decompression, so a small archive cannot grow into a full memory. */
async function readBounded(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new InvalidResponse(`The answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}

function explained(error: unknown, request: OutgoingRequest, timedOut: boolean): Error {
  if (error instanceof ConnectorError) return error;
  const what = `${request.method} ${request.url.host}${request.url.pathname}`;
  if (timedOut) return new Transient(`${what} took too long`, null, { cause: error });
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  if (code.startsWith('Z_'))
    return new InvalidResponse(`${what} answered with broken gzip`, { cause: error });
  return new Transient(`${what} failed on the way: ${code}`, null, { cause: error });
}

/** `Promise.withResolvers` is not in Node 20. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Kept apart: a pooled socket that was opened without the guard must not serve a guarded request. */
const OPEN_AGENTS = {
  http: new HttpAgent({ keepAlive: true }),
  https: new HttpsAgent({ keepAlive: true }),
};
const GUARDED_AGENTS = {
  http: new HttpAgent({ keepAlive: true, lookup: guardedLookup }),
  https: new HttpsAgent({ keepAlive: true, lookup: guardedLookup }),
};
