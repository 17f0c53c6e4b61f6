import { hash } from 'node:crypto';
import type { CommandContext } from '#identity';
import type { Call } from './endpoint.js';
import { preconditionOf } from './etag.js';
import { InvalidRequestError } from './invalid-request.error.js';

/** What REST adds to every command: who asks, what they may see, preconditions, and the Idempotency-Key. */
export function commandContext(call: Call, { body = call.body }: { body?: unknown } = {}): CommandContext {
  const { caller, request } = call;
  return {
    access: caller.access,
    metadata: { actor: caller.actor, source: 'rest', correlationId: request.id },
    idempotency: idempotencyOf(call, body),
    precondition: preconditionOf(request.headers),
  };
}

/** Keys belong to the caller: two callers that count from 1 do not meet. */
function idempotencyOf({ caller, request }: Call, body: unknown): CommandContext['idempotency'] {
  const key = request.headers['idempotency-key'];
  if (key === undefined || key === '') return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new InvalidRequestError('header', [{ path: ['Idempotency-Key'], message: EXPECTED }]);
  }
  const path = request.url.split('?', 1)[0]?.replace(/\/$/, '');
  const text = `${request.method} ${path} ${canonical(body)}`;
  return { key: `${caller.keyId}:${key}`, requestHash: Buffer.from(hash('sha256', text, 'hex'), 'hex') };
}

const EXPECTED = 'expected 1 to 255 printable ASCII characters without spaces';

/** JSON with sorted keys: the same request may be written down in another order. Its depth is bounded by its shape. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join()}}`;
}
