import { createLogger } from '../logging/logger.js';
import { packageVersion } from '../package-version.js';
import { MigrationEditedError, MigrationsPendingError, SchemaTooNewError } from './migration.errors.js';
import { knownMigrations, type Queryable, type SchemaState, schemaState } from './schema-state.js';
import { isNewer } from './version.js';

export interface RequireSchemaOptions {
  /** The folder with `schema.prisma` and `migrations/`. */
  readonly folder?: string;
  /** Of this code. */
  readonly version?: string;
}

/**
 * For a process that migrates nothing, at its start and for its readiness: one query, by a role that may only read.
 * @throws MigrationsPendingError, MigrationEditedError, SchemaTooNewError
 */
export async function requireSchema(
  database: Queryable,
  { folder, version = ownVersion() }: RequireSchemaOptions = {},
): Promise<void> {
  const state = await schemaState(database, await knownMigrations(folder));
  admit(state, version);
  if (state.pending.length > 0) throw new MigrationsPendingError(state.pending);
}

/**
 * Lets code of this version go on with such a schema. A newer schema is no reason to stop, unless one of its migrations
 * says so: releases run beside each other while they are rolled out, and go back.
 */
export function admit({ edited, newer }: SchemaState, version: string): void {
  if (edited.length > 0) throw new MigrationEditedError(edited);
  const [strictest] = newer
    .flatMap(({ name, oldestCode }) => (oldestCode ? [{ migration: name, oldestCode }] : []))
    .filter(({ oldestCode }) => isNewer(oldestCode, version))
    .sort((one, other) => (isNewer(one.oldestCode, other.oldestCode) ? -1 : 1));
  if (strictest) throw new SchemaTooNewError({ ...strictest, version });
  sayNewer(newer.map(({ name }) => name).join(', '), version);
}

let said = '';

/** Once for the same migrations: readiness asks often. */
function sayNewer(migrations: string, version: string): void {
  if (migrations === said) return;
  said = migrations;
  if (migrations === '') return;
  createLogger('migrations').info(
    { migrations, version },
    'the schema is newer than this code, and this code may run on it',
  );
}

let ownVersionOnce: string | undefined;

function ownVersion(): string {
  ownVersionOnce ??= packageVersion();
  return ownVersionOnce;
}
