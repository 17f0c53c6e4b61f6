import { compileExpressions, type Expressions } from '#mapping';
import { ImportMappingError, type MappingProblem } from './import-mapping.errors.js';
import type { ImportMapping, ValueSource } from './import-mapping.schema.js';
import { nearestName } from './nearest-name.js';
import type { ValueType } from './typed-value.js';

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

export interface CompiledSources {
  readonly identifierKey: FieldSource;
  readonly name: FieldSource;
  readonly identityType: FieldSource;
  readonly projectId: FieldSource | undefined;
  readonly properties: readonly (FieldSource & { readonly key: string })[];
  readonly expressions: Expressions;
}

/** Looks up columns and compiles expressions once. @throws ImportMappingError with all that does not fit. */
export async function compileSources(
  mapping: ImportMapping,
  columns: Cells | undefined,
): Promise<CompiledSources> {
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
  };
  const expressions = await compiler.compileExpressions();
  if (compiler.problems.length > 0) throw new ImportMappingError(compiler.problems);
  return { ...sources, expressions };
}

class Compiler {
  readonly problems: MappingProblem[] = [];
  private readonly expressions: { readonly field: string; readonly source: string }[] = [];

  constructor(private readonly columns: Cells | undefined) {}

  compile(field: string, source: ValueSource): FieldSource {
    if (typeof source !== 'string' && 'jsonata' in source) return this.expression(field, source);
    if (typeof source !== 'string')
      return { field, type: source.type, read: this.column(field, source.column) };
    if (!source.startsWith('=')) return { field, type: undefined, read: this.column(field, source) };
    const literal = source.slice(1);
    return { field, type: 'string', read: () => literal };
  }

  async compileExpressions(): Promise<Expressions> {
    const { expressions, faults } = await compileExpressions(this.expressions);
    for (const { field, error } of faults)
      this.problems.push({ field, reason: `has an expression that ${error.message}` });
    return expressions;
  }

  private expression(
    field: string,
    { jsonata, type }: { jsonata: string; type?: ValueType | undefined },
  ): FieldSource {
    const place = this.expressions.length;
    this.expressions.push({ field, source: jsonata });
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

const LISTED_COLUMNS = 50;

function unknownColumn(name: string, columns: Cells): string {
  const nearest = nearestName(name, columns);
  const hint = nearest === undefined ? '.' : `; did you mean "${nearest}"?`;
  const more = columns.length > LISTED_COLUMNS ? ` and ${columns.length - LISTED_COLUMNS} more` : '';
  const known = columns.slice(0, LISTED_COLUMNS).join(', ');
  return `names the column "${name}", which the file does not have${hint} Its columns are: ${known}${more}`;
}
