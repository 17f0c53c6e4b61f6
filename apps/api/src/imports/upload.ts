import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { UploadInterruptedError } from '#imports';
import { UnreadableBodyError } from '../http/invalid-request.error.js';

/** A sender that says nothing for this long has gone without a word. */
const SILENCE_MS = 120_000;
const GRACE_MS = 5_000;
const CLOSING_GRACE_MS = 500;

/**
 * The bytes of the body as they come, read no faster than they are taken, and no longer than `closing` lets. Who stops
 * reading leaves the connection open, so that the sender can still be answered.
 * @throws UploadInterruptedError while it is read, when the service closes
 */
export function uploadOf(request: FastifyRequest, closing: AbortSignal): AsyncIterable<Uint8Array> {
  const { body, raw } = request;
  if (body === undefined || body === null) throw new UnreadableBodyError('expected the file to import');
  raw.setTimeout(SILENCE_MS, () => raw.destroy(new SilentUploadError()));
  return chunksOf(Buffer.isBuffer(body) ? Readable.from([body]) : (body as Readable), closing);
}

/** A stream's own iterator hangs up on the sender when it is ended by an error. */
async function* chunksOf(
  stream: Readable,
  closing: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bell = new Bell(stream, closing);
  try {
    for (;;) {
      if (closing.aborted) throw new UploadInterruptedError();
      const chunk: Uint8Array | null = stream.read();
      if (chunk) yield chunk;
      else if (stream.readableEnded) return;
      else if (stream.destroyed) throw stream.errored ?? new SilentUploadError();
      else await bell.rung();
    }
  } finally {
    bell.remove();
  }
}

/** Rings when there may be more to read, or nothing to wait for. */
class Bell {
  private wake = () => {};
  private readonly ring = () => this.wake();

  constructor(
    private readonly stream: Readable,
    private readonly closing: AbortSignal,
  ) {
    for (const event of EVENTS) stream.on(event, this.ring);
    closing.addEventListener('abort', this.ring);
  }

  rung(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  remove(): void {
    for (const event of EVENTS) this.stream.off(event, this.ring);
    this.closing.removeEventListener('abort', this.ring);
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;

/**
 * Takes and drops what a sender still sends of a file that was refused, for long enough to hear the answer: who
 * hangs up on somebody who is still speaking is not heard either (the reset overtakes the answer).
 */
export function dropRest({ raw }: FastifyRequest, closing: AbortSignal): void {
  if (raw.complete || raw.destroyed) return;
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), closing.aborted ? CLOSING_GRACE_MS : GRACE_MS);
  raw.once('end', () => clearTimeout(timer));
  raw.socket.once('close', () => clearTimeout(timer));
}

class SilentUploadError extends Error {
  override readonly name = 'SilentUploadError';
  readonly code = 'SILENT_UPLOAD';
}
