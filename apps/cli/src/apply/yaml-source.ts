import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, type Node } from 'yaml';
import { type OutsideYaml, OutsideYamlError, parseOutsideYaml } from '#platform';

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
  private readonly yaml: OutsideYaml;

  /** @throws InvalidFileError when it is not YAML, or more of it than we take */
  constructor(
    readonly file: string,
    text: string,
  ) {
    this.yaml = parsed(file, text);
  }

  /** @throws InvalidFileError when it cannot be read */
  static read(file: string): YamlSource {
    return new YamlSource(file, textOf(file));
  }

  /** What the file holds. */
  get value(): unknown {
    return this.yaml.value;
  }

  /** `rollcall.yaml:3:5: connections.0.kind: expected …`; a value that is missing stands where it should be. */
  describe({ path, message, atKey = false }: Fault): string {
    const where = path.length > 0 ? `${path.map(String).join('.')}: ` : '';
    return `${this.place(this.offsetOf(path, atKey))}: ${where}${message}`;
  }

  private offsetOf(path: readonly PropertyKey[], atKey: boolean): number {
    let node: unknown = this.yaml.document.contents;
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
    const { line, column } = this.yaml.place(offset);
    return `${this.file}:${line}:${column}`;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidFileError([
      `${file}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`,
    ]);
  }
}

function parsed(file: string, text: string): OutsideYaml {
  try {
    return parseOutsideYaml(text);
  } catch (error) {
    if (!(error instanceof OutsideYamlError)) throw error;
    throw new InvalidFileError(
      error.placed().map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    );
  }
}

const childOf = (node: Node, part: PropertyKey): unknown =>
  'get' in node && typeof node.get === 'function' ? node.get(part, true) : null;

const rangeOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
