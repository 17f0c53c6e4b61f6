import { isTorn, type ReadRecords, TORN } from '../ground/parse-each.js';
import type { SourceRecord } from '../port/records.js';
import { parseDate } from './date-format.js';
import type { ManifestTable } from './manifest.schema.js';
import { valueAt } from './template.js';

/** One by one, so that a spoiled record takes no other with it. */
export function readRecords(
  stream: string,
  { record: rules }: ManifestTable,
  items: readonly unknown[],
  lossy: boolean,
): ReadRecords {
  const read: ReadRecords = { records: [], rejected: [] };
  for (const item of items) {
    const id = idOf(valueAt(item, rules.id));
    const reason = faultOf(rules, item, id);
    if (reason !== null || id === null)
      read.rejected.push({ id, code: 'INVALID_RECORD', reason: reason ?? 'no id', raw: item });
    else if (lossy && isTorn(item)) read.rejected.push({ id, code: 'INVALID_UTF8', reason: TORN, raw: item });
    else read.records.push(toSourceRecord(stream, rules, item, id));
  }
  return read;
}

type RecordRules = ManifestTable['record'];

function toSourceRecord(stream: string, rules: RecordRules, item: unknown, id: string): SourceRecord {
  const mergedIds = [valueAt(item, rules.mergedIds ?? '')].flat().map(idOf);
  const merged = rules.mergedIds ? mergedIds.filter((other) => other !== null && other !== id) : [];
  return {
    stream,
    id,
    updatedAt: updatedAtOf(rules, item)?.toISOString() ?? null,
    ...(rules.archived && isSet(valueAt(item, rules.archived)) ? { archived: true } : {}),
    ...(merged.length > 0 ? { mergedIds: merged as string[] } : {}),
    raw: withoutNothing(item),
  };
}

function faultOf(rules: RecordRules, item: unknown, id: string | null): string | null {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'expected an object';
  if (id === null) return `${rules.id}: expected an id of 1 to 200 characters`;
  const given = rules.updatedAt ? valueAt(item, rules.updatedAt) : undefined;
  if (given !== undefined && given !== null && !updatedAtOf(rules, item))
    return `${rules.updatedAt}: expected a time as ${rules.updatedAtFormat}`;
  return null;
}

function updatedAtOf(rules: RecordRules, item: unknown): Date | null {
  return rules.updatedAt ? parseDate(valueAt(item, rules.updatedAt), rules.updatedAtFormat) : null;
}

/** Ids are short texts or whole numbers that JSON still carries exactly. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value !== '' && value.length <= 200 && !/\p{Cc}/u.test(value)
    ? value
    : null;
}

/** Some vendors give a flag, some the time at which it was set. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}

/** Absent, null and blank say the same; mappings meet only the first, in which JSONata finds nothing. */
function withoutNothing(item: unknown): unknown {
  return Object.fromEntries(
    Object.entries(item as object).filter(
      ([, value]) => value !== null && !(typeof value === 'string' && value.trim() === ''),
    ),
  );
}
