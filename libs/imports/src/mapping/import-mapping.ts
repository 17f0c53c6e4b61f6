import { IDENTITY_TYPES, type IdentityProperty, type IdentityType, LIMITS } from '#identity';
import { ExpressionError, type Expressions } from '#mapping';
import { mapInTurns } from '#platform';
import type { RowError, SourceRow } from '../reading/source-row.js';
import { ImportMappingError } from './import-mapping.errors.js';
import type { ImportMapping } from './import-mapping.schema.js';
import { isProblem, type TypedValue, textProblem, typedValue, type ValueProblem } from './typed-value.js';
import {
  type Cells,
  type CompiledSources,
  compileSources,
  type FieldSource,
  type SourceRecord,
} from './value-source.js';

export interface ImportedIdentity {
  readonly identifierKey: string;
  readonly name: string;
  readonly identityType: IdentityType;
  /** Absent when the mapping or the row names none. */
  readonly projectId?: string;
  readonly properties: readonly IdentityProperty[];
}

/** One reason why a row is not taken; `field` is empty when it is the row as a whole. */
export interface Rejection {
  readonly field: string;
  readonly code: string;
  readonly reason: string;
}

export type MappedRow =
  | { readonly ok: true; readonly row: SourceRow; readonly value: ImportedIdentity }
  | { readonly ok: false; readonly row: SourceRow; readonly rejections: readonly Rejection[] };

export interface CompiledImportMapping {
  /** Maps rows one for one, in order. @throws HopelessExpressionsError, ExpressionsUnavailableError */
  mapRows(rows: readonly SourceRow[]): Promise<MappedRow[]>;
}

/**
 * Fits a mapping to a file's columns (none for NDJSON, where a key may be missing from any record).
 * @throws ImportMappingError before any row is taken.
 */
export async function compileImportMapping(
  mapping: ImportMapping,
  columns: readonly string[] | undefined,
): Promise<CompiledImportMapping> {
  const sources = await compileSources(mapping, columns);
  rejectUnknownType(mapping.identity_type);
  return {
    mapRows: (rows) => mapRows(sources, rows, columns ?? []),
  };
}

function rejectUnknownType(source: ImportMapping['identity_type']): void {
  if (typeof source !== 'string' || !source.startsWith('=') || isIdentityType(source.slice(1))) return;
  throw new ImportMappingError([{ field: 'identity_type', reason: oneOfTypes }]);
}

const isIdentityType = (text: string): text is IdentityType => IDENTITY_TYPES.some((type) => type === text);

const oneOfTypes = `has to be one of ${IDENTITY_TYPES.join(', ')}`;

/** Rows that cannot be read have nothing to compute. */
async function mapRows(
  sources: CompiledSources,
  rows: readonly SourceRow[],
  columns: Cells,
): Promise<MappedRow[]> {
  const records = await mapInTurns(rows, recordOf);
  const computed = await compute(sources.expressions, records, columns);
  return mapInTurns(rows, (row, place) => {
    const record = records[place] as SourceRecord | Cells | UnreadableRow;
    return record instanceof UnreadableRow
      ? rejected(row, [record.rejection])
      : mapRecord(sources, row, record, computed.get(record) ?? []);
  });
}

async function compute(
  expressions: Expressions,
  records: readonly (SourceRecord | Cells | UnreadableRow)[],
  columns: Cells,
): Promise<ReadonlyMap<SourceRecord | Cells, readonly unknown[]>> {
  if (expressions.all.length === 0) return new Map();
  const readable = records.flatMap((record) => (record instanceof UnreadableRow ? [] : [record]));
  const named = readable.map((record) => (isCells(record) ? namedCells(record, columns) : record));
  const results = await expressions.evaluate(named);
  return new Map(readable.map((record, place) => [record, results[place] as readonly unknown[]]));
}

function mapRecord(
  sources: CompiledSources,
  row: SourceRow,
  record: SourceRecord | Cells,
  computed: readonly unknown[],
): MappedRow {
  const fields = new FieldReader(record, computed);
  const value = {
    identifierKey: fields.text(sources.identifierKey, LIMITS.identifierKey),
    name: fields.text(sources.name, LIMITS.name),
    identityType: fields.identityType(sources.identityType),
    ...fields.projectId(sources.projectId),
    properties: fields.properties(sources.properties),
  };
  return fields.rejections.length > 0 ? rejected(row, fields.rejections) : { ok: true, row, value };
}

const rejected = (row: SourceRow, rejections: readonly Rejection[]): MappedRow => ({
  ok: false,
  row,
  rejections,
});

/** Reads the fields of one record and keeps what is wrong with them; what it gives then is not used. */
class FieldReader {
  readonly rejections: Rejection[] = [];

  constructor(
    private readonly record: SourceRecord | Cells,
    private readonly computed: readonly unknown[],
  ) {}

  text(source: FieldSource, maxLength: number): string {
    const text = this.optionalText(source, maxLength);
    if (text === '') this.reject(source, { code: 'MISSING', reason: 'is empty' });
    return text ?? '';
  }

  identityType(source: FieldSource): IdentityType {
    const text = this.text(source, LIMITS.name);
    if (isIdentityType(text)) return text;
    if (text !== '') this.reject(source, { code: 'NOT_ALLOWED', reason: oneOfTypes });
    return 'other';
  }

  projectId(source: FieldSource | undefined): { projectId?: string } {
    const text = source && this.optionalText(source, LIMITS.projectId);
    return text ? { projectId: text } : {};
  }

  properties(sources: CompiledSources['properties']): IdentityProperty[] {
    const properties: IdentityProperty[] = [];
    for (const source of sources) {
      const typed = this.typed(source, source.type);
      if (typed !== undefined) properties.push({ key: source.key, ...typed });
    }
    return properties;
  }

  /** Empty when the record has nothing there or only blanks, undefined when it was rejected. */
  private optionalText(source: FieldSource, maxLength: number): string | undefined {
    const before = this.rejections.length;
    const typed = this.typed(source, 'string');
    if (this.rejections.length > before) return undefined;
    const text = typed?.type === 'string' && typed.value.trim() !== '' ? typed.value : '';
    const problem = textProblem(text, maxLength);
    if (problem === undefined) return text;
    this.reject(source, problem);
    return undefined;
  }

  private typed(source: FieldSource, type: FieldSource['type']): TypedValue | undefined {
    const value = source.read(this.record, this.computed);
    if (value === undefined) return undefined;
    const typed = value instanceof ExpressionError ? problemOf(value) : typedValue(value, type);
    if (!isProblem(typed)) return typed;
    this.reject(source, typed);
    return undefined;
  }

  private reject({ field }: FieldSource, { code, reason }: { code: string; reason: string }): void {
    this.rejections.push({ field, code, reason });
  }
}

const problemOf = ({ code, message }: ExpressionError): ValueProblem => ({ code, reason: message });

class UnreadableRow {
  readonly rejection: Rejection;
  constructor({ code, reason }: RowError) {
    this.rejection = { field: '', code, reason };
  }
}

function recordOf({ raw, error }: SourceRow): SourceRecord | Cells | UnreadableRow {
  if (error !== undefined) return new UnreadableRow(error);
  return typeof raw === 'string' ? objectOf(raw) : raw;
}

function objectOf(line: string): SourceRecord | UnreadableRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's message quotes the line, which may hold personal data.
    return new UnreadableRow({ code: 'INVALID_JSON', reason: 'The line is not valid JSON' });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as SourceRecord;
  return new UnreadableRow({ code: 'INVALID_JSON', reason: 'The line is not a JSON object' });
}

const isCells = (record: SourceRecord | Cells): record is Cells => Array.isArray(record);

const namedCells = (cells: Cells, columns: Cells): SourceRecord =>
  Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
