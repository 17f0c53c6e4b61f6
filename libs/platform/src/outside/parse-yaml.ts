import { CST, type Document, isScalar, Lexer, LineCounter, parseDocument, visit } from 'yaml';

/**
 * What a YAML file may hold: characters, lists and maps inside each other, tokens (a line `key: value` has seven). The
 * library's parser recurses, and aborts the whole process where nesting is deep enough to fill its stack.
 */
export const YAML_BOUNDS = { length: 1_000_000, depth: 64, tokens: 100_000 } as const;

/** The most times an alias may be followed: aliases of aliases grow without end. */
const MAX_ALIASES = 100;

/** One thing wrong with a YAML text: what, and the character where, counted from 0. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** A text that is no YAML we take, with every fault that was found. */
export class OutsideYamlError extends Error {
  override readonly name = 'OutsideYamlError';
  readonly code = 'OUTSIDE_YAML';
  constructor(
    readonly faults: readonly YamlFault[],
    private readonly lines: LineCounter,
  ) {
    super(faults.map(({ message }) => message).join('\n'));
  }

  /** Each fault with the line and column where it stands, counted from 1. */
  placed(): readonly (YamlFault & { readonly line: number; readonly column: number })[] {
    return this.faults.map((fault) => ({ ...fault, ...placeIn(this.lines, fault.offset) }));
  }
}

/** A YAML text, its values, and where each of them stands. */
export interface OutsideYaml {
  readonly document: Document.Parsed;
  readonly value: unknown;
  place(offset: number): { readonly line: number; readonly column: number };
}

/** Parses YAML that came from outside. @throws OutsideYamlError before anything is parsed that would hold or end us */
export function parseOutsideYaml(text: string): OutsideYaml {
  requireBounds(text);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const errors = document.errors.map(({ pos, message }) => ({ offset: pos[0], message }));
  const faults = errors.length > 0 ? errors : repeatedKeys(document);
  if (faults.length > 0) throw new OutsideYamlError(faults, lines);
  return { document, value: valuesIn(document, lines), place: (offset) => placeIn(lines, offset) };
}

function valuesIn(document: Document.Parsed, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new OutsideYamlError([{ offset: 0, message: error.message }], lines);
  }
}

/** One pass over the library's own tokens, which neither recurses nor keeps them; it stops at the first bound passed. */
function requireBounds(text: string): void {
  const { length, depth, tokens } = YAML_BOUNDS;
  const lines = new LineCounter();
  lines.addNewLine(0);
  const reject = (offset: number, message: string) => {
    throw new OutsideYamlError([{ offset, message }], lines);
  };
  if (text.length > length) reject(0, `The text has ${text.length} characters, more than ${length}`);
  const nesting = new Nesting();
  let seen = 0;
  for (const source of new Lexer().lex(text)) {
    seen += 1;
    if (seen > tokens) reject(nesting.offset, `The text has more than ${tokens} tokens`);
    nesting.take(source);
    if (nesting.lineStart > (lines.lineStarts.at(-1) ?? 0)) lines.addNewLine(nesting.lineStart);
    if (nesting.depth > depth) reject(nesting.offset, `The text nests deeper than ${depth} levels`);
  }
}

/**
 * How deep a token stands. Block collections begin at the column of a `-`, a `?` or a key; what begins further left ends
 * them. A list that stands below its key without being indented counts once with it.
 */
class Nesting {
  offset = 0;
  lineStart = 0;
  private readonly columns: number[] = [];
  private flow = 0;
  private isScalar = false;
  /** Where the last value on this line began: a key, once its colon comes. */
  private value: number | undefined;

  get depth(): number {
    return this.columns.length + this.flow;
  }

  take(source: string): void {
    if (MARKS.has(source)) {
      this.isScalar = source === CST.SCALAR;
      return;
    }
    this.judge(this.isScalar ? 'scalar' : CST.tokenType(source));
    this.isScalar = false;
    const newline = source.lastIndexOf('\n');
    if (newline >= 0) {
      this.lineStart = this.offset + newline + 1;
      this.value = undefined;
    }
    this.offset += source.length;
  }

  private judge(type: CST.TokenType | null): void {
    const column = this.offset - this.lineStart;
    if (type === 'flow-map-start' || type === 'flow-seq-start') this.flow += 1;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') this.flow = Math.max(0, this.flow - 1);
    else if (this.flow > 0) return;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') this.begin(column);
    else if (type === 'map-value-ind') this.begin(this.value ?? column);
    else if (type && VALUES.has(type)) this.value = column;
  }

  private begin(column: number): void {
    while ((this.columns.at(-1) ?? -1) > column) this.columns.pop();
    if (this.columns.at(-1) !== column) this.columns.push(column);
  }
}

/** What the lexer says of the text, and what is no character of it. */
const MARKS: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

const VALUES: ReadonlySet<CST.TokenType> = new Set([
  'scalar',
  'single-quoted-scalar',
  'double-quoted-scalar',
  'alias',
]);

/** The library compares every key with every other one, which takes seconds where a map has thousands. */
function repeatedKeys(document: Document.Parsed): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value))
          faults.push({ offset: key.range?.[0] ?? 0, message: 'Map keys must be unique' });
        seen.add(key.value);
      }
    },
  });
  return faults;
}

function placeIn(lines: LineCounter, offset: number) {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
