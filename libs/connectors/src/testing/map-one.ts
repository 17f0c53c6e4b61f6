import type { MappingResult } from '../mapping/mapped-identity.js';
import { compileMapping } from '../mapping/mapping.js';

/** What a mapping makes of one record. */
export async function mapOne(document: unknown, record: unknown): Promise<MappingResult> {
  const [result] = await (await compileMapping(document)).map([record]);
  return result as MappingResult;
}
