/** SQLSTATE classes of a server that is there and cannot do its work: out of disk, memory or connections, broken files. */
const SHORTAGES = new Set(['53', '58']);
const REMEMBERED_MS = 10_000;

const shortages = new WeakMap<object, { readonly state: string; readonly at: number }>();

/** Notes what a connection of this pool was told, if it tells of a shortage. */
export function noteShortage(pool: object, error: Error & { readonly code?: unknown }): void {
  const { code } = error;
  if (typeof code === 'string' && code.length === 5 && SHORTAGES.has(code.slice(0, 2)))
    shortages.set(pool, { state: code, at: performance.now() });
}

/**
 * The SQLSTATE of a shortage that a statement of this pool met within the last ten seconds. A question as small as a
 * readiness check's may well be answered by a server whose disk is full.
 */
export function recentShortage(pool: object): string | undefined {
  const met = shortages.get(pool);
  return met && performance.now() - met.at < REMEMBERED_MS ? met.state : undefined;
}
