import type { FastifyReply } from 'fastify';
import { type Endpoint, OtherAnswer } from './endpoint.js';

const NOT_MODIFIED = 304;

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends what a handler returned: as it is when the endpoint names a media type, else as JSON (also `null` and `5`). */
export function sendAnswer(endpoint: Endpoint, reply: FastifyReply, answer: unknown): void {
  if (reply.statusCode === NOT_MODIFIED) {
    reply.send();
    return;
  }
  if (answer instanceof OtherAnswer) reply.type(answer.mediaType).send(answer.body);
  else if (!('mediaType' in endpoint.answer)) sendJson(reply, answer);
  else if (reply.hasHeader('content-type')) reply.send(answer);
  else reply.type(endpoint.answer.mediaType).send(answer);
}

/** Serialised here, since Fastify sends a bare string or `null` as something other than JSON. */
export const sendJson = (reply: FastifyReply, body: unknown): void => {
  reply.header('content-type', JSON_TYPE).send(JSON.stringify(body ?? null));
};
