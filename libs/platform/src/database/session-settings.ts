import { databaseLimits } from './database-limits.js';

/**
 * What the code relies on in every session, whatever the database, the role or the environment have as their defaults
 * (`ALTER DATABASE … SET datestyle` once broke imports and runs). Timeouts are milliseconds.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  // The rebuild copies index definitions out of the catalog by their text.
  quote_all_identifiers: 'off',
  search_path: 'public',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  client_min_messages: 'warning',
  statement_timeout: String(databaseLimits.statement),
  lock_timeout: String(databaseLimits.lock),
  idle_in_transaction_session_timeout: String(databaseLimits.idleInTransaction),
};

/** As the startup packet's `options` takes them; later ones win. */
export const startupOptions = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
