import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from './operation.js';

/** An API process. */
export interface Target {
  readonly url: string;
  readonly adminKey: string;
}

export interface PersistentRequest {
  /** Idempotency key and trace id of every try: a {@link newRequestId}. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Try {
  /** `none`: the connection broke, or nothing came for {@link SILENT_MS}. */
  readonly status: number | 'none';
  readonly ms: number;
  readonly etag: string | null;
  readonly body: unknown;
  readonly retry: boolean;
}

/** Beyond every limit that the service states: who waits longer than this, waits for ever. */
const SILENT_MS = 60_000;
const KNOWN_WITHIN_MS = 120_000;

export const newRequestId = (): string => randomBytes(16).toString('hex');

/** Sends it, with one idempotency key, to whoever is there, until somebody says what has become of it. */
export async function untilKnown(
  targets: () => readonly Target[],
  request: PersistentRequest,
  onTry: (answer: Try) => void = () => undefined,
) {
  const tries: Try[] = [];
  const limit = performance.now() + KNOWN_WITHIN_MS;
  let outcome: Operation['outcome'] = { is: 'unknown' };
  while (outcome.is === 'unknown' && performance.now() < limit) {
    if (tries.length > 0) await sleep(100 + Math.random() * 100);
    const all = targets();
    const target = all[Math.floor(Math.random() * all.length)];
    if (!target) continue;
    const answer = await tryOnce(target, request);
    tries.push(answer);
    onTry(answer);
    outcome = outcomeOf(answer);
  }
  const longestMs = Math.max(0, ...tries.map(({ ms }) => ms));
  return { tries, longestMs, outcome, answer: tries.at(-1) };
}

export async function tryOnce(
  target: Target,
  { id, method, path, body, headers: more }: PersistentRequest,
): Promise<Try> {
  const startedAt = performance.now();
  const took = () => performance.now() - startedAt;
  try {
    const response = await fetch(`${target.url}${path}`, {
      method,
      signal: AbortSignal.timeout(SILENT_MS),
      headers: {
        authorization: `Bearer ${target.adminKey}`,
        'idempotency-key': id,
        traceparent: `00-${id}-00f067aa0ba902b7-01`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answered = JSON.parse((await response.text()) || 'null');
    const { status, headers } = response;
    const retry = status >= 500 || status === 429 || headers.get('x-should-retry') === 'true';
    return { status, ms: took(), etag: headers.get('etag'), body: answered, retry };
  } catch {
    return { status: 'none', ms: took(), etag: null, body: undefined, retry: true };
  }
}

function outcomeOf({ status, etag, retry }: Try): Operation['outcome'] {
  if (status === 'none' || retry) return { is: 'unknown' };
  if (status >= 300) return { is: 'refused', status };
  const version = Number(etag?.replaceAll('"', ''));
  return { is: 'acknowledged', ...(etag !== null && { version }) };
}
