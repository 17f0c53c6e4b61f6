import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { projectRoot } from '#platform';
import type { Connector } from '../connector.js';
import { connectorOf } from './declarative.connector.js';
import { type Manifest, manifestSchema } from './manifest.schema.js';

/** One fault of a manifest, where a person finds it. */
export interface ManifestFault {
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly reason: string;
}

export class InvalidManifestError extends Error {
  override readonly name = 'InvalidManifestError';
  readonly code = 'INVALID_MANIFEST';
  constructor(
    readonly file: string,
    readonly faults: readonly ManifestFault[],
  ) {
    const lines = faults.map(
      ({ line, column, field, reason }) => `${file}:${line}:${column}  ${field}: ${reason}`,
    );
    super(`The manifest cannot be used:\n${lines.join('\n')}`);
  }
}

/** @throws InvalidManifestError with every fault and its line */
export function parseManifest(text: string, file: string): Manifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = document.errors.map(({ pos, message }) => ({
    ...at(pos[0]),
    field: 'YAML',
    reason: message,
  }));
  if (broken.length > 0) throw new InvalidManifestError(file, broken);
  const parsed = manifestSchema.safeParse(plainObject(() => document.toJS({ maxAliasCount: 100 }), file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(flat).map(({ path: where, message }) => ({
    ...at(offsetOf(document, where)),
    field: where.join('.') || 'manifest',
    reason: message,
  }));
  throw new InvalidManifestError(
    file,
    faults.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

export async function readManifest(file: string): Promise<Manifest> {
  return parseManifest(await readFile(file, 'utf8'), file);
}

/** The connectors of all manifests of a folder, in the order of their file names. */
export async function connectorsIn(folder: string): Promise<{ file: string; connector: Connector }[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { file, connector: connectorOf(await readManifest(file)) as Connector };
    }),
  );
}

/** Found from the project's root, so that it is the same from `dist/`, from the sources and in an image. */
export const shippedManifests = (): string => path.join(projectRoot(), 'libs', 'connectors', 'manifests');

/** Too many aliases of aliases are refused while the document is turned into values. */
function plainObject(read: () => unknown, file: string): unknown {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be read';
    throw new InvalidManifestError(file, [{ line: 1, column: 1, field: 'YAML', reason }]);
  }
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A field that is too many is named itself; of a union, the branch that came furthest speaks. */
function flat(issue: {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}): Issue[] {
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({
      path: [...issue.path, key],
      message: 'there is no such field',
    }));
  if (issue.code === 'invalid_union' && issue.errors && issue.errors.length > 0) {
    const [best = []] = [...issue.errors].sort((a, b) => a.length - b.length);
    return best.map((inner) => ({ path: [...issue.path, ...inner.path], message: inner.message }));
  }
  return [issue];
}

/** Of what is missing, the place of what should hold it. */
function offsetOf(document: ReturnType<typeof parseDocument>, where: readonly PropertyKey[]): number {
  for (let length = where.length; length > 0; length -= 1) {
    const holder = document.getIn(where.slice(0, length - 1), true);
    const key = where[length - 1];
    const pair = pairsOf(holder).find(({ key: found }) => found?.value === key);
    if (pair?.key?.range) return pair.key.range[0];
    const node = document.getIn(where.slice(0, length), true) as { range?: readonly number[] } | undefined;
    if (node?.range?.[0] !== undefined) return node.range[0];
  }
  return 0;
}

interface KeyedPair {
  readonly key?: { readonly value?: unknown; readonly range?: readonly [number, ...number[]] | null };
}

function pairsOf(node: unknown): KeyedPair[] {
  if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items))
    return [];
  return node.items.filter((item) => typeof item === 'object' && item !== null && 'key' in item);
}
