import { parseEach, type ReadRecords } from '../ground/parse-each.js';
import type { SourceRecord } from '../port/records.js';
import { itemSchema, type PipedriveItem } from './pipedrive.schema.js';
import type { PipedriveTable } from './pipedrive.settings.js';

export const readRecords = (stream: PipedriveTable, items: readonly unknown[], lossy: boolean): ReadRecords =>
  parseEach(items, {
    schema: itemSchema,
    lossy,
    idOf,
    idIn: ({ id }) => String(id),
    toRecord: (parsed) => toSourceRecord(stream, parsed),
  });

function toSourceRecord(stream: PipedriveTable, item: PipedriveItem): SourceRecord {
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
