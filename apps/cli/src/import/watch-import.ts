import { setTimeout as sleep } from 'node:timers/promises';
import { type ImportOnTheWire, ImportShape } from '#imports';
import { type ApiClient, ApiRefusedError, ApiUnreachableError } from '../api-client.js';

const LOOK_EVERY_MS = 500;
const PATIENCE_MS = 60_000;

/**
 * Follows an import from the moment its upload begins to its end. A service that is restarted meanwhile is waited
 * for once it has the whole file.
 */
export async function watchImport(
  api: ApiClient,
  id: string,
  upload: Promise<ImportOnTheWire>,
  show: (view: ImportOnTheWire) => void,
): Promise<ImportOnTheWire> {
  const uploaded = new AbortController();
  const watching = watchUpload(api, id, show, uploaded.signal);
  const received = await upload.finally(() => uploaded.abort());
  await watching;
  return watchToEnd(api, received, show);
}

/** Shows what it can: whether the upload works is for the upload to say. */
async function watchUpload(
  api: ApiClient,
  id: string,
  show: (view: ImportOnTheWire) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const view = await look(api, id).catch((error: unknown) => {
      if (error instanceof ApiRefusedError || error instanceof ApiUnreachableError) return undefined;
      throw error;
    });
    if (view && !signal.aborted) show(view);
  }
}

async function watchToEnd(
  api: ApiClient,
  received: ImportOnTheWire,
  show: (view: ImportOnTheWire) => void,
): Promise<ImportOnTheWire> {
  let view = received;
  for (let answeredAt = performance.now(); view.finished_at === null; await sleep(LOOK_EVERY_MS)) {
    show(view);
    try {
      view = await look(api, received.id);
      answeredAt = performance.now();
    } catch (error) {
      if (!isPassing(error) || performance.now() - answeredAt > PATIENCE_MS) throw error;
    }
  }
  show(view);
  return view;
}

const look = (api: ApiClient, id: string): Promise<ImportOnTheWire> =>
  api.call('GET', `/v1/imports/${id}`, ImportShape);

const isPassing = (error: unknown): boolean =>
  error instanceof ApiUnreachableError ||
  (error instanceof ApiRefusedError && (error.status >= 500 || error.status === 429));
