import jsonata from 'jsonata';
import type { MappingDocument } from '../mapping/mapping.schema.js';

/** What a mapping reads of a record: `properties.email`, `Name`, each once and in order, wherever it is in an expression. */
export function pathsRead({
  identifier_key,
  name,
  identity_type,
  properties = [],
}: MappingDocument): string[] {
  const sources = [identifier_key, name, identity_type, ...properties.map(({ value }) => value)];
  return [...new Set(sources.flatMap((source) => pathsOf(jsonata(source).ast())))].sort();
}

interface Node {
  readonly type?: string;
  readonly steps?: readonly { readonly type: string; readonly value: string }[];
}

function pathsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, steps = [] } = node as Node;
  const below = Object.values(node).flatMap(pathsOf);
  if (type !== 'path') return below;
  const other = steps.findIndex((step) => step.type !== 'name');
  const names = steps.slice(0, other < 0 ? steps.length : other).map(({ value }) => value);
  return names.length > 0 ? [names.join('.'), ...below] : below;
}
