import type { RejectedRecord, SourceRecord } from '../connector.js';
import { itemSchema, type PipedriveItem } from './pipedrive.schema.js';
import type { PipedriveStream } from './pipedrive.settings.js';

export interface ReadRecords {
  readonly records: SourceRecord[];
  readonly rejected: RejectedRecord[];
}

/** Parses one by one, so that a spoiled record takes no other with it. */
export function readRecords(stream: PipedriveStream, items: readonly unknown[], lossy: boolean): ReadRecords {
  const read: ReadRecords = { records: [], rejected: [] };
  for (const item of items) {
    const parsed = itemSchema.safeParse(item);
    if (!parsed.success) {
      const where = parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      read.rejected.push({ id: idOf(item), code: 'INVALID_RECORD', reason: where, raw: item });
    } else if (lossy && JSON.stringify(item).includes('\uFFFD')) {
      const reason = 'the record contains bytes that are not UTF-8';
      read.rejected.push({ id: String(parsed.data.id), code: 'INVALID_UTF8', reason, raw: item });
    } else read.records.push(toSourceRecord(stream, parsed.data));
  }
  return read;
}

function toSourceRecord(stream: PipedriveStream, item: PipedriveItem): SourceRecord {
  return {
    stream,
    id: String(item.id),
    updatedAt: timeOf(item.update_time),
    ...(item.is_deleted ? { archived: true } : {}),
    raw: filled(item),
  };
}

/** Pipedrive says nothing by null and by empty texts; mappings meet only what is there. */
function filled(item: PipedriveItem): Record<string, unknown> {
  return {
    ...withoutEmpty(item),
    ...(item.emails ? { emails: item.emails.filter(hasValue) } : {}),
    ...(item.phones ? { phones: item.phones.filter(hasValue) } : {}),
    custom_fields: withoutEmpty(item.custom_fields ?? {}),
  };
}

function withoutEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== null && value !== undefined && !(typeof value === 'string' && value.trim() === ''),
    ),
  );
}

const hasValue = ({ value }: { value?: string | null }) => typeof value === 'string' && value.trim() !== '';

/** Times are UTC, whether they say so or not. */
function timeOf(value: string | null | undefined): string | null {
  const time = Date.parse(
    value && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value) ? `${value}Z` : (value ?? ''),
  );
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** The id of a record that is otherwise unreadable, as far as there is one. */
export function idOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('id' in item)) return null;
  const { id } = item;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? String(id) : null;
}
