import { setTimeout as sleep } from 'node:timers/promises';
import { type ImportView, importToWire, isFinished } from '#sync';

const LOOK_EVERY_MS = 500;
const HEARTBEAT_MS = 15_000;

/**
 * An import as server-sent events, read from its row: whatever process works on it, and however queues lose their
 * events, the row knows. Ends with the import, or when `signal` says so.
 */
export async function* importProgress(
  read: () => Promise<ImportView>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let last: ImportView | undefined;
  for (let saidAt = 0; !signal.aborted; await pause(signal)) {
    const view = await read();
    if (isFinished(view.status)) return yield event('finished', view);
    if (view.updatedAt.getTime() !== last?.updatedAt.getTime()) yield event('progress', view);
    else if (Date.now() - saidAt >= HEARTBEAT_MS) yield ': still here\n\n';
    else continue;
    saidAt = Date.now();
    last = view;
  }
}

const event = (name: string, view: ImportView): string =>
  `event: ${name}\ndata: ${JSON.stringify(importToWire(view))}\n\n`;

const pause = (signal: AbortSignal): Promise<void> =>
  sleep(LOOK_EVERY_MS, undefined, { signal }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
