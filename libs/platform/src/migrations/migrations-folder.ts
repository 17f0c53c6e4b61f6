import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { projectRoot } from '../project-root.js';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** As Prisma keeps it in `_prisma_migrations`, and the same for the other kind of line ends: a checkout may turn them. */
  readonly checksums: readonly string[];
  /** The oldest version of the code that may run on a database which has it. */
  readonly oldestCode: string;
}

/** Where Prisma keeps `schema.prisma` and `migrations/`: the project's own `prisma` folder unless told otherwise. */
export const prismaFolder = (): string => path.join(projectRoot(), 'prisma');

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
    names.map(async (name) => {
      const sql = await readFile(path.join(folder, 'migrations', name, 'migration.sql'), 'utf8');
      return { name, sql, checksums: checksumsOf(sql), oldestCode: statedOldestCode(sql) ?? FIRST_RELEASE };
    }),
  );
}

export type KnownMigration = Omit<Migration, 'sql'>;

let own: Promise<KnownMigration[]> | undefined;

/** What this build's own files are, read once: a running process goes on with the code it was started with. */
export function ownMigrations(): Promise<KnownMigration[]> {
  own ??= readMigrations().then((all) => all.map(({ sql: _, ...known }) => known));
  return own;
}

/** The migrations of the first release are older than the line, and what was released is never changed. */
const FIRST_RELEASE = '0.1.0';

/** The first line of a migration, `-- Oldest code: 1.2.3`. */
export const statedOldestCode = (sql: string): string | undefined =>
  /^-- Oldest code: (\d+\.\d+\.\d+)\r?\n/.exec(sql)?.[1];

export const oldestCodeLine = (version: string): string => `-- Oldest code: ${version}`;

function checksumsOf(sql: string): string[] {
  const plain = sql.replaceAll('\r\n', '\n');
  return [plain, plain.replaceAll('\n', '\r\n')].map((text) =>
    createHash('sha256').update(text).digest('hex'),
  );
}
