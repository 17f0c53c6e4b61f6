import { parseEach, type ReadRecords } from '../ground/parse-each.js';
import type { SourceRecord } from '../port/records.js';
import { type HubSpotObject, objectSchema } from './hubspot.schema.js';
import type { HubSpotTable } from './hubspot.settings.js';

export const readRecords = (stream: HubSpotTable, items: readonly unknown[], lossy: boolean): ReadRecords =>
  parseEach(items, {
    schema: objectSchema,
    lossy,
    idOf,
    idIn: ({ id }) => String(id),
    toRecord: (parsed) => toSourceRecord(stream, parsed),
  });

function toSourceRecord(stream: HubSpotTable, object: HubSpotObject): SourceRecord {
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
