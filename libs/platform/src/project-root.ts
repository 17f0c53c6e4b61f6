import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds `prisma/schema.prisma`, found upwards from this file, so that it is the same from `dist/`,
 * from the sources under jest, and from any working directory.
 */
export function projectRoot(from = fileURLToPath(new URL('.', import.meta.url))): string {
  if (existsSync(path.join(from, 'prisma', 'schema.prisma'))) return from;
  const parent = path.dirname(from);
  if (parent === from)
    throw new Error('prisma/schema.prisma was not found: it has to be shipped next to dist/');
  return projectRoot(parent);
}
