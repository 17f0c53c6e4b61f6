import { randomFillSync, randomUUID } from 'node:crypto';

const pool = Buffer.allocUnsafe(16 * 256);
let used = pool.length;

/**
 * A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Sorts by time, which keeps B-tree inserts
 * at the right edge. PostgreSQL has `uuidv7()` only from version 18 on, so ids are made here.
 */
export function uuidv7(now: number = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + 16);
  used += 16;
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A random UUIDv4, lower case: what ids on the wire (`identity-<uuid4>`) are made of. */
export const uuidv4 = (): string => randomUUID();
