import type { RejectedRecord, SourceRecord } from '../connector.js';
import { recordSchema, type SalesforceRecord, salesforceIdSchema } from './salesforce.schema.js';
import type { SalesforceStream } from './salesforce.settings.js';

export interface ReadRecords {
  /** As Salesforce has them, which knows more than a source record says. */
  readonly parsed: SalesforceRecord[];
  readonly rejected: RejectedRecord[];
}

/** Parses one by one, so that a record an app spoiled takes no other with it. */
export function readRecords(items: readonly unknown[], lossy: boolean): ReadRecords {
  const read: ReadRecords = { parsed: [], rejected: [] };
  for (const item of items) {
    const parsed = recordSchema.safeParse(item);
    if (!parsed.success) {
      const reason = parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      read.rejected.push({ id: idOf(item), code: 'INVALID_RECORD', reason, raw: item });
    } else if (lossy && JSON.stringify(item).includes('\uFFFD')) {
      const reason = 'the record contains bytes that are not UTF-8';
      read.rejected.push({ id: parsed.data.Id, code: 'INVALID_UTF8', reason, raw: item });
    } else read.parsed.push(parsed.data);
  }
  return read;
}

/** A converted lead lives on as a contact: as a lead it is gone. */
export const isGone = ({ IsDeleted, IsConverted }: SalesforceRecord): boolean =>
  IsDeleted === true || IsConverted === true;

export function toSourceRecord(
  stream: SalesforceStream,
  record: SalesforceRecord,
  mergedIds: readonly string[] = [],
): SourceRecord {
  return {
    stream,
    id: record.Id,
    updatedAt: record.SystemModstamp,
    ...(isGone(record) ? { archived: true } : {}),
    ...(mergedIds.length > 0 ? { mergedIds } : {}),
    raw: filled(record),
  };
}

/** Mappings meet nothing instead of null and empty texts: JSONata's `&` would spell a null out. */
function filled(record: object): Record<string, unknown> {
  const kept = Object.entries(record).filter(
    ([, value]) => value !== null && !(typeof value === 'string' && value.trim() === ''),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === 'object' && !Array.isArray(value) ? filled(value) : value,
    ]),
  );
}

/** The id of a record that is otherwise unreadable, as far as there is one. */
export function idOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('Id' in item)) return null;
  return salesforceIdSchema.safeParse(item.Id).data ?? null;
}
