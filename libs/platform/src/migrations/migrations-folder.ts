import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** Where Prisma keeps `schema.prisma` and `migrations/`: the project's own `prisma` folder unless told otherwise. */
export const prismaFolder = (): string => path.join(projectRoot(), 'prisma');

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

/** The names of all migrations in the order in which they apply. */
export async function migrationNames(folder = prismaFolder()): Promise<string[]> {
  const entries = await readdir(path.join(folder, 'migrations'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export async function readMigrations(folder = prismaFolder()): Promise<Migration[]> {
  const names = await migrationNames(folder);
  return Promise.all(
    names.map(async (name) => ({
      name,
      sql: await readFile(path.join(folder, 'migrations', name, 'migration.sql'), 'utf8'),
    })),
  );
}
