import type { FakeRecord } from '../../testing/record-table.js';

export function recordJson(record: FakeRecord): unknown {
  if (record.disguise !== undefined) return record.disguise;
  const { id, fields, createdAt, modifiedAt } = record;
  return { id, deleted: false, ...fields, createdAt: espoTime(createdAt), modifiedAt: espoTime(modifiedAt) };
}

/** To the second, in UTC, without saying so. */
export function espoTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}
