import type { FastifyReply } from 'fastify';
import { sendJson } from '../http/answer.js';
import { type Refusal, refusalBody } from './refusal.js';

/** Answers with a refusal: its status, the headers that tell clients whether to come back, and its body. */
export function refuse(reply: FastifyReply, refusal: Refusal, error?: Error): void {
  const { status, retry } = refusal;
  reply.code(status);
  const { retryAfterSeconds = refusal.retryAfter } = (error ?? {}) as { retryAfterSeconds?: number };
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds);
  if (retry !== undefined) reply.header('x-should-retry', String(retry));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rollcall"');
  sendJson(reply, refusalBody(refusal, reply.request.id, error));
}
