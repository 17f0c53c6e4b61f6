import { Command } from 'commander';
import { rebuildIdentities } from '#identity';
import { readConfig } from '#platform';
import { withDatabase } from '../open-database.js';

/** Works on the database itself, beside a running service: reads and writes go on meanwhile. */
export const rebuildCommand = (): Command =>
  new Command('rebuild').description('make a read model anew from the log').addCommand(
    new Command('identities')
      .description('build the identities beside the live ones, compare, and swap them in')
      .option('--check', 'compare only, and leave the live rows as they are')
      .action(({ check = false }: { check?: boolean }) => rebuild(check)),
  );

async function rebuild(checkOnly: boolean): Promise<void> {
  const { differences, swapped } = await withDatabase(readConfig(), ({ pool }) =>
    rebuildIdentities(pool, { checkOnly, onProgress: progressLines() }),
  );
  const { count, identityIds } = differences;
  process.stdout.write(
    count === 0 ? 'Every row is what the log says.\n' : `${count} differ: ${identityIds.join(', ')}\n`,
  );
  process.stdout.write(swapped ? 'The rebuilt rows are live.\n' : 'Nothing was changed.\n');
  if (checkOnly && count > 0) process.exitCode = 2;
}

/** A line for each further tenth of the log. */
function progressLines() {
  let said = 0;
  return ({ position, end }: { position: number; end: number }) => {
    const tenths = end === 0 ? 10 : Math.floor((position / end) * 10);
    if (tenths > said) process.stderr.write(`${tenths * 10} % of the log\n`);
    said = Math.max(said, tenths);
  };
}
