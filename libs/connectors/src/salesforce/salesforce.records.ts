import { parseEach, type ReadRecords } from '../ground/parse-each.js';
import type { SourceRecord } from '../port/records.js';
import { recordSchema, type SalesforceRecord, salesforceIdSchema } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';

/** As Salesforce has them, which knows more than a source record says. */
export const readRecords = (items: readonly unknown[], lossy: boolean): ReadRecords<SalesforceRecord> =>
  parseEach(items, {
    schema: recordSchema,
    lossy,
    idOf,
    idIn: ({ Id }) => Id,
    toRecord: (parsed) => parsed,
  });

/** A converted lead lives on as a contact: as a lead it is gone. */
export const isGone = ({ IsDeleted, IsConverted }: SalesforceRecord): boolean =>
  IsDeleted === true || IsConverted === true;

export function toSourceRecord(
  stream: SalesforceTable,
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
