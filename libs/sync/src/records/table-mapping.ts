import { createHash } from 'node:crypto';
import { type CompiledMapping, compileMapping } from '#connectors';

/** A connection's mapping of one stream, ready for records. */
export interface TableMapping extends CompiledMapping {
  /** The same for the same document. */
  readonly digest: Buffer;
}

/** Pages come by the thousand and documents seldom change, so what was compiled is kept. @throws InvalidMappingError */
export async function tableMapping(document: unknown): Promise<TableMapping> {
  const text = JSON.stringify(document) ?? 'undefined';
  const known = compiled.get(text);
  if (known) return known;
  const digest = createHash('sha256').update(`${MEANING}:${text}`).digest();
  const mapping = { ...(await compileMapping(document)), digest };
  if (compiled.size >= KEPT) compiled.clear();
  compiled.set(text, mapping);
  return mapping;
}

/** To be counted up when a document comes to mean something else: records are mapped anew then, even unchanged ones. */
const MEANING = 1;

const KEPT = 200;
const compiled = new Map<string, TableMapping>();
