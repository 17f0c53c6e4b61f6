import { quoteLiteral } from '../database/quoting.js';
import type { KnownMigration } from './migrations-folder.js';
import type { Queryable } from './schema-state.js';

/**
 * The end of a migration's own transaction: from then on the database says which code it needs, also to code that does
 * not have the migration. Migrations before the table's own find none.
 */
export const writeRequirement = (migration: KnownMigration): string =>
  `do $rollcall$ begin
     if to_regclass('public.schema_requirements') is not null then ${insertRequirements([migration])}; end if;
   end $rollcall$`;

/** What was applied before the table was there, or by `prisma migrate deploy`, which knows nothing of it. */
export async function writeRequirements(
  database: Queryable,
  migrations: readonly KnownMigration[],
): Promise<void> {
  if (migrations.length > 0) await database.query(insertRequirements(migrations));
}

const insertRequirements = (migrations: readonly KnownMigration[]): string =>
  `insert into public.schema_requirements (migration, oldest_code) values ${migrations
    .map(({ name, oldestCode }) => `(${quoteLiteral(name)}, ${quoteLiteral(oldestCode)})`)
    .join(', ')} on conflict (migration) do update set oldest_code = excluded.oldest_code`;
