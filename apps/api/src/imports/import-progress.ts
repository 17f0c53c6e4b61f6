import { type ImportView, importToWire, isFinished } from '#imports';
import { progressEvents } from '../http/progress-events.js';

/** An import as server-sent events. */
export const importProgress = (read: () => Promise<ImportView>, signal: AbortSignal) =>
  progressEvents(
    {
      read,
      updatedAt: ({ updatedAt }) => updatedAt,
      isOver: ({ status }) => isFinished(status),
      toWire: importToWire,
    },
    signal,
  );
