import type { z } from 'zod';
import type { RejectedRecord, SourceRecord } from '../port/records.js';

export interface ReadRecords<Item = SourceRecord> {
  readonly records: Item[];
  readonly rejected: RejectedRecord[];
}

export interface Parsing<Parsed, Item> {
  readonly schema: z.ZodType<Parsed>;
  /** The answer had bytes that are not UTF-8. */
  readonly lossy: boolean;
  /** Of a record that is otherwise unreadable, as far as there is one. */
  readonly idOf: (item: unknown) => string | null;
  readonly idIn: (parsed: Parsed) => string;
  readonly toRecord: (parsed: Parsed) => Item;
}

/** Parses one by one, so that a record that the vendor or an app spoiled takes no other with it. */
export function parseEach<Parsed, Item>(
  items: readonly unknown[],
  { schema, lossy, idOf, idIn, toRecord }: Parsing<Parsed, Item>,
): ReadRecords<Item> {
  const read: ReadRecords<Item> = { records: [], rejected: [] };
  for (const item of items) {
    const parsed = schema.safeParse(item);
    if (!parsed.success) {
      const reason = parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      read.rejected.push({ id: idOf(item), code: 'INVALID_RECORD', reason, raw: item });
    } else if (lossy && isTorn(item)) {
      read.rejected.push({ id: idIn(parsed.data), code: 'INVALID_UTF8', reason: TORN, raw: item });
    } else read.records.push(toRecord(parsed.data));
  }
  return read;
}

/** Has what stands for bytes that could not be decoded. */
export const isTorn = (item: unknown): boolean => JSON.stringify(item).includes('\uFFFD');

export const TORN = 'the record contains bytes that are not UTF-8';
