import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 500;
const HEARTBEAT_MS = 15_000;

/** Something whose row says how far it is. */
export interface Watched<View> {
  read(): Promise<View>;
  updatedAt(view: View): Date;
  isOver(view: View): boolean;
  toWire(view: View): unknown;
}

/**
 * Progress as server-sent events, read from a row: whatever process works on it, and however queues lose their events,
 * the row knows. An event `progress` whenever it changed, then one `finished`; or the end when `signal` says so.
 */
export async function* progressEvents<View>(
  watched: Watched<View>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let last: number | undefined;
  for (let saidAt = 0; !signal.aborted; await pause(signal)) {
    const view = await watched.read();
    const updatedAt = watched.updatedAt(view).getTime();
    if (watched.isOver(view)) return yield event('finished', watched.toWire(view));
    if (updatedAt !== last) yield event('progress', watched.toWire(view));
    else if (performance.now() - saidAt >= HEARTBEAT_MS) yield ': still here\n\n';
    else continue;
    saidAt = performance.now();
    last = updatedAt;
  }
}

const event = (name: string, wire: unknown): string => `event: ${name}\ndata: ${JSON.stringify(wire)}\n\n`;

const pause = (signal: AbortSignal): Promise<void> =>
  sleep(LOOK_EVERY_MS, undefined, { signal }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
