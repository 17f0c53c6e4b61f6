import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type OutsideYaml, OutsideYamlError, parseOutsideYaml, projectRoot } from '#platform';
import type { Connector } from '../port/connector.js';
import { connectorOf } from './declarative.connector.js';
import { type Manifest, manifestSchema } from './manifest.schema.js';
import { type ExpressionFault, expressionFaults } from './manifest-expressions.js';

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
export async function parseManifest(text: string, file: string): Promise<Manifest> {
  const { manifest, faultAt } = parseShape(text, file);
  const faults = await expressionFaults(manifest);
  if (faults.length > 0) throw new InvalidManifestError(file, faults.map(faultAt));
  return manifest;
}

/** All but its expressions, which others compile. */
function parseShape(text: string, file: string) {
  const { document, value, place } = parsedYaml(text, file);
  const faultAt = ({ path: where, message }: ExpressionFault): ManifestFault => ({
    ...place(offsetOf(document, where)),
    field: where.join('.') || 'manifest',
    reason: message,
  });
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return { manifest: parsed.data, faultAt };
  const faults = parsed.error.issues.flatMap(flat).map(faultAt);
  throw new InvalidManifestError(
    file,
    faults.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

export async function readManifest(file: string): Promise<Manifest> {
  return parseManifest(await readFile(file, 'utf8'), file);
}

/** The connectors of all manifests of a folder, in the order of their file names. */
export const connectorsIn = (folder: string): Promise<FoundConnector[]> => readFolder(folder, readManifest);

/** Those that come with Rollcall, whose expressions its own specs compile: each start would have to do it again. */
export const shippedConnectors = (): Promise<FoundConnector[]> =>
  readFolder(shippedManifests(), async (file) => parseShape(await readFile(file, 'utf8'), file).manifest);

export interface FoundConnector {
  readonly file: string;
  readonly connector: Connector;
}

async function readFolder(
  folder: string,
  read: (file: string) => Promise<Manifest>,
): Promise<FoundConnector[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { file, connector: connectorOf(await read(file)) as Connector };
    }),
  );
}

/** Found from the project's root, so that it is the same from `dist/`, from the sources and in an image. */
export const shippedManifests = (): string => path.join(projectRoot(), 'libs', 'connectors', 'manifests');

function parsedYaml(text: string, file: string): OutsideYaml {
  try {
    return parseOutsideYaml(text);
  } catch (error) {
    if (!(error instanceof OutsideYamlError)) throw error;
    const faults = error
      .placed()
      .map(({ line, column, message }) => ({ line, column, field: 'YAML', reason: message }));
    throw new InvalidManifestError(file, faults);
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
function offsetOf(document: OutsideYaml['document'], where: readonly PropertyKey[]): number {
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
