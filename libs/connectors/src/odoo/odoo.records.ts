import { parseEach, type ReadRecords } from '../ground/parse-each.js';
import type { SourceRecord } from '../port/records.js';
import { type OdooPartner, partnerSchema } from './odoo.schema.js';
import type { OdooTable } from './odoo.settings.js';

export interface ReadOptions {
  readonly stream: OdooTable;
  /** The answer had bytes that are not UTF-8. */
  readonly lossy: boolean;
  /** Fields whose `false` means no, beside Odoo's own. */
  readonly booleanFields: readonly string[];
}

export const readRecords = (rows: readonly unknown[], options: ReadOptions): ReadRecords =>
  parseEach(rows, {
    schema: partnerSchema,
    lossy: options.lossy,
    idOf: textId,
    idIn: ({ id }) => String(id),
    toRecord: (parsed) => toSourceRecord(parsed, options),
  });

function toSourceRecord(partner: OdooPartner, { stream, booleanFields }: ReadOptions): SourceRecord {
  return {
    stream,
    id: String(partner.id),
    updatedAt: isoTime(partner.write_date),
    ...(partner.active === false ? { archived: true } : {}),
    raw: filled(partner, new Set(['is_company', 'active', ...booleanFields])),
  };
}

/** An empty field is `false` in Odoo, whatever its type: mappings meet only what is there. */
function filled(partner: OdooPartner, booleans: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(partner).filter(([name, value]) => {
      if (value === false) return booleans.has(name);
      return value !== null && value !== undefined && !(typeof value === 'string' && value.trim() === '');
    }),
  );
}

/** `2026-11-23 10:50:36`, with microseconds in webhooks; UTC. */
export function isoTime(value: string | false | null | undefined): string | null {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?$/.exec(value || '');
  const time = Date.parse(match ? `${match[1]}T${match[2]}Z` : '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** The id of a record that is otherwise unreadable, as far as there is one. */
export function idOf(row: unknown): number | null {
  if (typeof row !== 'object' || row === null || !('id' in row)) return null;
  return typeof row.id === 'number' && Number.isSafeInteger(row.id) && row.id > 0 ? row.id : null;
}

function textId(row: unknown): string | null {
  const id = idOf(row);
  return id === null ? null : String(id);
}
