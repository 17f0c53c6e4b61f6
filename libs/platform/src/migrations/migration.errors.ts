import type { DatabaseError } from 'pg';

/** A migration whose SQL the database refused; nothing of it was kept. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';
  readonly code = 'MIGRATION_FAILED';
  constructor(
    readonly migration: string,
    cause: Error,
    sql: string,
  ) {
    super(`Migration ${migration} failed and was rolled back: ${describe(cause, sql)}`, { cause });
  }
}

/** The history in the database forbids going on, for instance after a failed `prisma migrate deploy`. */
export class MigrationsBlockedError extends Error {
  override readonly name = 'MigrationsBlockedError';
  readonly code = 'MIGRATIONS_BLOCKED';
  constructor(cause: Error) {
    super(
      `Migrations cannot be applied: ${firstParagraph(cause.message)}. ` +
        'Look at the table _prisma_migrations; `prisma migrate resolve` settles a migration that failed half way.',
      { cause },
    );
  }
}

function describe(cause: Error, sql: string): string {
  const { code, detail, hint, where, position } = cause as Partial<DatabaseError>;
  const line = position ? sql.slice(0, Number(position)).split('\n').length : undefined;
  return [
    code ? `${cause.message} (SQLSTATE ${code})` : cause.message,
    line ? `at line ${line} of migration.sql` : undefined,
    detail,
    hint,
    where,
  ]
    .filter(Boolean)
    .join('; ');
}

/** The engine appends its own stack, in indented lines, to its messages. */
const firstParagraph = (message: string): string =>
  message
    .split('\n')
    .filter((line) => line !== '' && !/^\s/.test(line))
    .join(' ');
