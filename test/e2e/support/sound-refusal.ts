import { type ErrorCode, errorTable, isErrorCode } from '../../../apps/api/src/errors/error-table.js';
import type { Answered } from './api-process.js';

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;

/** What is the same of every refusal, whatever was asked: asked of every answer that a suite gets. @throws Error */
export function requireSound({ status, headers, body }: Answered): void {
  if (status < 400) return;
  const faults = Object.entries({
    'is JSON': headers.get('content-type')?.startsWith('application/json') ?? false,
    'has a detail': typeof body?.detail === 'string' && body.detail !== '',
    'has a code of the table': isErrorCode(body?.code),
    'has the status of its code': errorTable[body?.code as ErrorCode]?.status === status,
    'has a trace id': TRACE_ID.test(body?.trace_id),
    'has the id of its request': body?.trace_id === headers.get('x-request-id'),
  }).flatMap(([what, isSo]) => (isSo ? [] : [what]));
  if (faults.length > 0)
    throw new Error(
      `A refusal (${status}) that is not as all are: not so: ${faults.join(', ')}: ${JSON.stringify(body)}`,
    );
}
