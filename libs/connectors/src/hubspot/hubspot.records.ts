import type { RejectedRecord, SourceRecord } from '../connector.js';
import { type HubSpotObject, objectSchema } from './hubspot.schema.js';
import type { HubSpotStream } from './hubspot.settings.js';

export interface ReadRecords {
  readonly records: SourceRecord[];
  readonly rejected: RejectedRecord[];
}

/** Parses one by one, so that a record HubSpot or an app spoiled takes no other with it. */
export function readRecords(stream: HubSpotStream, items: readonly unknown[], lossy: boolean): ReadRecords {
  const read: ReadRecords = { records: [], rejected: [] };
  for (const item of items) {
    const parsed = objectSchema.safeParse(item);
    if (!parsed.success) {
      const where = parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      read.rejected.push({ id: idOf(item), code: 'INVALID_RECORD', reason: where, raw: item });
    } else if (lossy && JSON.stringify(item).includes('\uFFFD')) {
      const reason = 'the record contains bytes that are not UTF-8';
      read.rejected.push({ id: parsed.data.id, code: 'INVALID_UTF8', reason, raw: item });
    } else read.records.push(toSourceRecord(stream, parsed.data));
  }
  return read;
}

function toSourceRecord(stream: HubSpotStream, object: HubSpotObject): SourceRecord {
  const mergedIds = mergedIdsOf(object);
  return {
    stream,
    id: object.id,
    updatedAt: object.updatedAt ?? null,
    ...(object.archived ? { archived: true } : {}),
    ...(mergedIds.length > 0 ? { mergedIds } : {}),
    raw: { ...object, properties: filledProperties(object) },
  };
}

/**
 * HubSpot says nothing in three ways: absent, null, and an empty text. Mappings meet only the first,
 * in which JSONata finds nothing and `&` adds nothing.
 */
function filledProperties({ properties }: HubSpotObject): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value !== null && value.trim() !== '') filled[name] = value;
  }
  return filled;
}

function mergedIdsOf({ id, properties }: HubSpotObject): string[] {
  const listed = (properties.hs_merged_object_ids ?? '').split(';').map((part) => part.trim());
  return listed.filter((part) => /^\d+$/.test(part) && part !== id);
}

/** The id of a record that is otherwise unreadable, as far as there is one. */
export function idOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('id' in item)) return null;
  const { id } = item;
  return (typeof id === 'string' || typeof id === 'number') && /^\d{1,20}$/.test(String(id))
    ? String(id)
    : null;
}
