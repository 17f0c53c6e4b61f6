import { Command } from 'commander';
import { readConfig } from '#platform';
import { withDatabase } from './open-database.js';

/** `start` migrates too; this is for those who roll out migrations as a step of their own. */
export const migrateCommand = (): Command =>
  new Command('migrate').description('apply the migrations that are missing').action(async () => {
    await withDatabase(readConfig(), async () => {
      process.stdout.write('The database is up to date.\n');
    });
  });
