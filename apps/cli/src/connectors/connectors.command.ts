import { Command } from 'commander';
import { InvalidManifestError, knownConnectors, loadManifests, readManifest } from '#connectors';
import { readConfig } from '#platform';
import { table } from '../table.js';
import { tryManifest } from './try-manifest.js';

/** Works on files and on the vendor: neither a service nor a database is needed. */
export const connectorsCommand = (): Command =>
  new Command('connectors')
    .description('the CRMs that can be connected, and manifests for any other')
    .addCommand(
      new Command('list')
        .description('all kinds, those of ROLLCALL_MANIFESTS among them')
        .action(async () => {
          await loadManifests(readConfig().ROLLCALL_MANIFESTS);
          process.stdout.write(
            table(
              ['kind', 'name', 'version', 'streams', 'webhooks'],
              knownConnectors().map(({ descriptor: { id, name, version, tables, capabilities } }) => [
                id,
                name,
                version,
                tables.map((each) => each.id).join(', '),
                capabilities.webhook,
              ]),
            ),
          );
        }),
    )
    .addCommand(
      new Command('check')
        .description('say what is wrong with a manifest, and where')
        .argument('<file>', 'a YAML file')
        .action(async (file: string) => {
          const manifest = await orExit2(readManifest(file));
          if (!manifest) return;
          const streams = Object.keys(manifest.streams).join(', ');
          process.stdout.write(`${file} is fine: ${manifest.name} (${manifest.id}) with ${streams}\n`);
        }),
    )
    .addCommand(
      new Command('try')
        .description('read one page by a manifest, and show the identities it makes')
        .argument('<file>', 'a YAML file')
        .option('--setting <key=value>', 'a setting; may come several times', collected, [])
        .option('--secret <key=value>', 'a secret, or key=@file; may come several times', collected, [])
        .option('--stream <id>', 'which stream (default: the first)')
        .option('--json', 'print JSON instead of a table')
        .action(async (file: string, options: TryOptions) => {
          const manifest = await orExit2(readManifest(file));
          if (manifest) process.stdout.write(await tryManifest(manifest, options));
        }),
    );

interface TryOptions {
  readonly setting: readonly string[];
  readonly secret: readonly string[];
  readonly stream?: string;
  readonly json?: boolean;
}

/** A manifest that cannot be used is the caller's to mend, which scripts tell by 2. */
async function orExit2<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof InvalidManifestError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return null;
  }
}

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
