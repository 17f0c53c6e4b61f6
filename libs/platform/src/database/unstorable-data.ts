/**
 * SQLSTATEs with which PostgreSQL rejects a value for what it is: bytes or an escape that no text holds (22021, 22P05),
 * a time that is none or out of its range (22007, 22008), a number out of range (22003), an entry that is too long for
 * its index or row (54000). Such a write fails each time it is tried.
 */
const UNSTORABLE_STATES = new Set(['22021', '22P05', '22007', '22008', '22003', '54000']);

/** Whether the database rejected what was to be written, and would do so again. Prisma's wrappers are looked through. */
export function isUnstorableData(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEEPEST) return false;
  const { code, originalCode, cause, meta } = error as Record<string, unknown>;
  if ([code, originalCode].some((state) => UNSTORABLE_STATES.has(String(state)))) return true;
  const { driverAdapterError } = (meta ?? {}) as Record<string, unknown>;
  return [cause, driverAdapterError].some((inner) => isUnstorableData(inner, depth + 1));
}

const DEEPEST = 5;
