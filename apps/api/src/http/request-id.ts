import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * The trace id of the caller's `traceparent` (W3C Trace Context), else one of ours. What refusals call `trace_id`, events
 * `correlation_id`, and the answer's header `X-Request-Id`.
 */
export const requestId = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  traceIdIn(headers.traceparent) ?? newTraceId();

const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
/** Later versions may say more after another dash. A comma is none of it: Node joins repeated headers by one. */
const LATER_VERSION = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-[^,]*)?$/;
const ALL_ZERO = /^0+$/;

function traceIdIn(traceparent: unknown): string | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const [, traceId, parentId] = VERSION_00.exec(traceparent) ?? LATER_VERSION.exec(traceparent) ?? [];
  if (traceId === undefined || parentId === undefined) return undefined;
  return ALL_ZERO.test(traceId) || ALL_ZERO.test(parentId) ? undefined : traceId;
}

/** 122 random bits, and never all zero. Node keeps random bytes for these at hand: it is part of every request. */
const newTraceId = (): string => randomUUID().replaceAll('-', '');
