import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorTable, type Row } from './error-table.js';

/** How a request is refused: a row of the table, and its code. */
export interface Refusal extends Row {
  readonly code: ErrorCode;
}

/** What every refusal says on the wire. */
export interface RefusalBody {
  readonly detail: string;
  readonly code: ErrorCode;
  readonly trace_id: string;
  /** Of a malformed id: a right one. */
  readonly examples?: readonly string[];
}

/** @param detail instead of what the table or the error says */
export const refusal = (code: ErrorCode, detail?: string): Refusal => ({
  code,
  ...errorTable[code],
  ...(detail !== undefined && { detail }),
});

export function refusalBody({ code, status, detail }: Refusal, traceId: string, error?: Error): RefusalBody {
  const { examples } = (error ?? {}) as { examples?: readonly string[] };
  return {
    detail: detail ?? error?.message ?? STATUS_CODES[status] ?? 'Refused',
    code,
    trace_id: traceId,
    ...(examples && { examples }),
  };
}
