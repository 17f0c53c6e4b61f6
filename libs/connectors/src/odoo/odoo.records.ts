import type { RejectedRecord, SourceRecord } from '../connector.js';
import { type OdooPartner, partnerSchema } from './odoo.schema.js';
import type { OdooStream } from './odoo.settings.js';

export interface ReadRecords {
  readonly records: SourceRecord[];
  readonly rejected: RejectedRecord[];
}

export interface ReadOptions {
  readonly stream: OdooStream;
  /** The answer had bytes that are not UTF-8. */
  readonly lossy: boolean;
  /** Fields whose `false` means no, beside Odoo's own. */
  readonly booleanFields: readonly string[];
}

/** Parses one by one, so that a spoiled record takes no other with it. */
export function readRecords(rows: readonly unknown[], options: ReadOptions): ReadRecords {
  const read: ReadRecords = { records: [], rejected: [] };
  for (const row of rows) {
    const parsed = partnerSchema.safeParse(row);
    if (!parsed.success) {
      const where = parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ');
      read.rejected.push({ id: textId(row), code: 'INVALID_RECORD', reason: where, raw: row });
    } else if (options.lossy && JSON.stringify(row).includes('\uFFFD')) {
      const reason = 'the record contains bytes that are not UTF-8';
      read.rejected.push({ id: String(parsed.data.id), code: 'INVALID_UTF8', reason, raw: row });
    } else read.records.push(toSourceRecord(parsed.data, options));
  }
  return read;
}

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
