import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { UnreadableBodyError } from '../http/invalid-request.error.js';

/** A sender that says nothing for this long has gone without a word. */
const SILENCE_MS = 120_000;
const GRACE_MS = 5_000;

/**
 * The bytes of the body as they come, read no faster than they are taken. Who stops reading leaves the connection
 * open, so that the sender can still be answered.
 */
export function uploadOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  const { body, raw } = request;
  if (body === undefined || body === null) throw new UnreadableBodyError('expected the file to import');
  raw.setTimeout(SILENCE_MS, () => raw.destroy(new SilentUploadError()));
  const stream = body as NodeJS.ReadableStream & Pick<IncomingMessage, 'iterator'>;
  return { [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }) };
}

/**
 * Takes and drops what a sender still sends of a file that was refused, for long enough to hear the answer: who
 * hangs up on somebody who is still speaking is not heard either (the reset overtakes the answer).
 */
export function dropRest({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), GRACE_MS);
  raw.once('end', () => clearTimeout(timer));
  raw.socket.once('close', () => clearTimeout(timer));
}

class SilentUploadError extends Error {
  override readonly name = 'SilentUploadError';
  readonly code = 'SILENT_UPLOAD';
}
