import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';

/** One thing wrong with a file, where it stands. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** It is the key that is wrong, whatever its value. */
  readonly atKey?: boolean;
}

/** What a person has to correct before anything can be applied; every fault, with file, line and column. */
export class InvalidFileError extends Error {
  override readonly name = 'InvalidFileError';
  readonly code = 'INVALID_FILE';
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** A YAML file that can say where each of its values stands. */
export class YamlSource {
  private readonly lines = new LineCounter();
  private readonly document;

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
  }

  /** @throws InvalidFileError when it cannot be read */
  static read(file: string): YamlSource {
    try {
      return new YamlSource(file, readFileSync(file, 'utf8'));
    } catch (error) {
      throw new InvalidFileError([
        `${file}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`,
      ]);
    }
  }

  /** What the file holds. @throws InvalidFileError when it is not YAML */
  get value(): unknown {
    const { errors } = this.document;
    if (errors.length === 0) return this.document.toJS({ maxAliasCount: 20 });
    throw new InvalidFileError(errors.map(({ pos, message }) => `${this.place(pos[0])}: ${message}`));
  }

  /** `rollcall.yaml:3:5: connections.0.kind: expected …`; a value that is missing stands where it should be. */
  describe({ path, message, atKey = false }: Fault): string {
    const where = path.length > 0 ? `${path.map(String).join('.')}: ` : '';
    return `${this.place(this.offsetOf(path, atKey))}: ${where}${message}`;
  }

  private offsetOf(path: readonly PropertyKey[], atKey: boolean): number {
    let node: unknown = this.document.contents;
    let offset = rangeOf(node);
    for (const part of path) {
      const key = isMap(node)
        ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === part)?.key
        : null;
      node = isMap(node) || isNode(node) ? childOf(node, part) : null;
      const found = rangeOf(node) ?? rangeOf(key);
      if (found === undefined) break;
      offset = (isScalar(node) && !atKey) || !key ? found : (rangeOf(key) ?? found);
    }
    return offset ?? 0;
  }

  private place(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
}

const childOf = (node: Node, part: PropertyKey): unknown =>
  'get' in node && typeof node.get === 'function' ? node.get(part, true) : null;

const rangeOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
