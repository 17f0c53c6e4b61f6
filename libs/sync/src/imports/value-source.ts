import { compileExpression, ExpressionError } from '#connectors';
import { ImportMappingError, type MappingProblem } from './import-mapping.errors.js';
import type { ImportMapping, ValueSource } from './import-mapping.schema.js';
import { nearestName } from './nearest-name.js';
import type { ValueProblem, ValueType } from './typed-value.js';

/** A record with its names; CSV records are only made into one where an expression wants it. */
export type SourceRecord = Readonly<Record<string, unknown>>;
export type Cells = readonly string[];

/** Where one field of an identity comes from. */
export interface FieldSource {
  readonly field: string;
  readonly type: ValueType | undefined;
  /** `computed` are the results of the mapping's expressions, in their order. */
  readonly read: (record: SourceRecord | Cells, computed: readonly unknown[]) => unknown;
}

export interface Expression {
  readonly evaluate: (record: SourceRecord) => Promise<unknown>;
}

export interface CompiledSources {
  readonly identifierKey: FieldSource;
  readonly name: FieldSource;
  readonly identityType: FieldSource;
  readonly projectId: FieldSource | undefined;
  readonly properties: readonly (FieldSource & { readonly key: string })[];
  readonly expressions: readonly Expression[];
}

/** What an expression left behind that could not be evaluated for a record. */
export class FailedExpression {
  constructor(readonly problem: ValueProblem) {}
}

/** Looks up columns and compiles expressions once. @throws ImportMappingError with all that does not fit. */
export function compileSources(mapping: ImportMapping, columns: Cells | undefined): CompiledSources {
  const compiler = new Compiler(columns);
  const sources = {
    identifierKey: compiler.compile('identifier_key', mapping.identifier_key),
    name: compiler.compile('name', mapping.name),
    identityType: compiler.compile('identity_type', mapping.identity_type),
    projectId:
      mapping.project_id === undefined ? undefined : compiler.compile('project_id', mapping.project_id),
    properties: Object.entries(mapping.properties).map(([key, source]) => ({
      key,
      ...compiler.compile(`properties.${key}`, source),
    })),
    expressions: compiler.expressions,
  };
  if (compiler.problems.length > 0) throw new ImportMappingError(compiler.problems);
  return sources;
}

class Compiler {
  readonly expressions: Expression[] = [];
  readonly problems: MappingProblem[] = [];

  constructor(private readonly columns: Cells | undefined) {}

  compile(field: string, source: ValueSource): FieldSource {
    if (typeof source !== 'string' && 'jsonata' in source) return this.expression(field, source);
    if (typeof source !== 'string')
      return { field, type: source.type, read: this.column(field, source.column) };
    if (!source.startsWith('=')) return { field, type: undefined, read: this.column(field, source) };
    const literal = source.slice(1);
    return { field, type: 'string', read: () => literal };
  }

  private expression(
    field: string,
    { jsonata, type }: { jsonata: string; type?: ValueType | undefined },
  ): FieldSource {
    const place = this.expressions.length;
    try {
      const compiled = compileExpression(jsonata);
      this.expressions.push({ evaluate: (record) => compiled.evaluate(record).catch(failedExpression) });
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.problems.push({ field, reason: `has an expression that ${error.message}` });
    }
    return { field, type, read: (_record, computed) => computed[place] };
  }

  private column(field: string, name: string): FieldSource['read'] {
    if (this.columns === undefined) return (record) => ownValue(record as SourceRecord, name);
    const index = this.columns.indexOf(name);
    if (index < 0) this.problems.push({ field, reason: unknownColumn(name, this.columns) });
    return (cells) => (cells as Cells)[index] || undefined;
  }
}

const ownValue = (record: SourceRecord, name: string): unknown =>
  Object.hasOwn(record, name) ? (record[name] ?? undefined) : undefined;

function failedExpression(error: unknown): FailedExpression {
  if (!(error instanceof ExpressionError)) throw error;
  return new FailedExpression({ code: error.code, reason: error.message });
}

const LISTED_COLUMNS = 50;

function unknownColumn(name: string, columns: Cells): string {
  const nearest = nearestName(name, columns);
  const hint = nearest === undefined ? '.' : `; did you mean "${nearest}"?`;
  const more = columns.length > LISTED_COLUMNS ? ` and ${columns.length - LISTED_COLUMNS} more` : '';
  const known = columns.slice(0, LISTED_COLUMNS).join(', ');
  return `names the column "${name}", which the file does not have${hint} Its columns are: ${known}${more}`;
}
