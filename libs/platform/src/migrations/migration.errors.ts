import type { DatabaseError } from 'pg';
import { DatabaseUnavailableError } from '../database/database.errors.js';

/** A migration whose SQL the database refused; nothing of it was kept. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';
  readonly code = 'MIGRATION_FAILED';
  readonly migration: string;
  constructor({ migration, sql, cause }: FailedScript) {
    super(`Migration ${migration} failed and was rolled back: ${describe(cause, sql)}`, { cause });
    this.migration = migration;
  }
}

/** The connection did not last; a migration is applied whole or not at all, so that the next start goes on. */
export class MigrationInterruptedError extends Error {
  override readonly name = 'MigrationInterruptedError';
  readonly code = 'MIGRATION_INTERRUPTED';
  readonly retryable = true;
  constructor(migration: string | undefined, cause: Error) {
    super(
      `The connection to the database was lost ${migration ? `during migration ${migration}` : 'while migrations were applied'} ` +
        `(${cause.message}). Start again: a migration is applied whole or not at all`,
      { cause },
    );
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

/** Whatever else keeps the engine from its work, in its own words. */
export class SchemaEngineError extends Error {
  override readonly name = 'SchemaEngineError';
  readonly code = 'SCHEMA_ENGINE';
  constructor(cause: Error) {
    super(`Migrations cannot be applied: ${describe(cause)}`, { cause });
  }
}

export class MigrationsNotPermittedError extends Error {
  override readonly name = 'MigrationsNotPermittedError';
  readonly code = 'MIGRATIONS_NOT_PERMITTED';
  constructor(role: string, cause: Error) {
    super(
      `The role ${role} may not migrate this database: ${cause.message}. Migrations run as the owner of the database ` +
        `or of its schemas: name that role in the URL, or let it apply them with "rollcall migrate"`,
      { cause },
    );
  }
}

export interface LockHolder {
  readonly pid: number;
  readonly name: string;
  /** Null on the database's own machine. */
  readonly address: string | null;
}

/** Another process holds the lock of migrations and does not come to an end. */
export class MigrationLockHeldError extends Error {
  override readonly name = 'MigrationLockHeldError';
  readonly code = 'MIGRATION_LOCK_HELD';
  constructor(holder: LockHolder | undefined, waitedMs: number) {
    super(
      `Another process has been migrating this database for more than ${Math.round(waitedMs / 1000)} s` +
        (holder
          ? `: ${nameOf(holder)}. Wait for it; or end it with "select pg_terminate_backend(${holder.pid})", ` +
            'which keeps nothing of its unfinished migration'
          : '. Start again'),
    );
  }
}

const nameOf = ({ pid, name, address }: LockHolder): string =>
  `"${name || 'without a name'}", process ${pid} of the server${address ? `, connected from ${address}` : ''}`;

/** A migration that was applied has other content in this build. */
export class MigrationEditedError extends Error {
  override readonly name = 'MigrationEditedError';
  readonly code = 'MIGRATION_EDITED';
  constructor(readonly migrations: readonly string[]) {
    super(
      `This database was made by other content of ${migrations.join(', ')} than this build has. Bring back ` +
        'prisma/migrations as it was released and put the change into a new migration; a database that was made by a ' +
        'migration before its release has to be made anew',
    );
  }
}

export class MigrationsPendingError extends Error {
  override readonly name = 'MigrationsPendingError';
  readonly code = 'MIGRATIONS_PENDING';
  constructor(readonly migrations: readonly string[]) {
    super(
      `${migrations.length} migration(s) are not applied, the first is ${migrations[0]}: run "rollcall migrate"`,
    );
  }
}

export interface Exclusion {
  readonly migration: string;
  readonly oldestCode: string;
  /** Of this code. */
  readonly version: string;
}

/** A newer release has migrated the database to where this code would do harm. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
  readonly code = 'SCHEMA_TOO_NEW';
  constructor({ migration, oldestCode, version }: Exclusion) {
    super(
      `This database needs Rollcall ${oldestCode} or newer since migration ${migration}, and this is ${version}. ` +
        `Start ${oldestCode} or newer; to go back to ${version}, restore a backup from before that migration`,
    );
  }
}

/** A migration's script that did not get through. */
export interface FailedScript {
  readonly migration: string;
  readonly sql: string;
  readonly cause: Error;
}

export interface WhatWentWrong {
  readonly failed: FailedScript | undefined;
  /** What the database, or the way to it, said last. */
  readonly lastError: Error | undefined;
}

const FAILED_BEFORE = 'P3009';

/** What the engine failed with, as what happened to it. */
export function migrationsErrorOf(engineError: Error, { failed, lastError }: WhatWentWrong): Error {
  const said = saidBy(failed?.cause ?? lastError);
  if (said && !isStatementError(said)) return new MigrationInterruptedError(failed?.migration, said);
  if (failed && said) return new MigrationFailedError({ ...failed, cause: said });
  if (engineError.message.includes(FAILED_BEFORE) || codeOf(engineError) === FAILED_BEFORE)
    return new MigrationsBlockedError(engineError);
  return new SchemaEngineError(said ?? engineError);
}

/** What was said first, below our own class for every outage. */
const saidBy = (error: Error | undefined): Error | undefined =>
  error instanceof DatabaseUnavailableError && error.cause instanceof Error ? error.cause : error;

/** Whether a statement was refused and the connection goes on; with any other error it has ended. */
export const isStatementError = (error: unknown): boolean =>
  (saidBy(error as Error) as Partial<DatabaseError>).severity === 'ERROR';

const codeOf = (error: Error): unknown => (error as { code?: unknown }).code;

function describe(cause: Error, sql = ''): string {
  const { code, severity, detail, hint, where, position } = cause as Partial<DatabaseError>;
  const line = position && sql ? sql.slice(0, Number(position)).split('\n').length : undefined;
  return [
    firstParagraph(cause.message) + (code ? ` (${severity ? 'SQLSTATE ' : ''}${code})` : ''),
    WAITED_FOR_LOCK.has(code ?? '') ? LOCKED : undefined,
    line ? `at line ${line} of migration.sql` : undefined,
    detail,
    hint,
    where,
  ]
    .filter(Boolean)
    .join('; ');
}

/** SQLSTATE lock_not_available, and what the engine calls it when its own patience is over first. */
const WAITED_FOR_LOCK = new Set(['55P03', 'P1002']);
const LOCKED =
  'another transaction, or another migration tool, holds what it needs: start again when that is over';

/** The engine appends its own stack, in indented lines, to its messages. */
const firstParagraph = (message: string): string =>
  message
    .split('\n')
    .filter((line) => line !== '' && !/^\s/.test(line))
    .join(' ');
