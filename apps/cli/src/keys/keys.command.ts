import { Command } from 'commander';
import { ApiKeys, readConfig, SCOPES, type Scope } from '#platform';
import { withDatabase } from '../open-database.js';
import { table } from '../table.js';

/** Works on the database itself, so that a lost admin key can be replaced; also beside a running service. */
export const keysCommand = (): Command =>
  new Command('keys')
    .description('API keys: they are shown once, when they are made')
    .addCommand(
      new Command('create')
        .argument('<name>', 'what the key is for')
        .option('--scope <scopes...>', `what it may do: ${SCOPES.join(', ')}`, ['read'])
        .option('--project <ids...>', 'only these projects (default: all)', [])
        .action((name: string, { scope, project }: { scope: string[]; project: string[] }) =>
          withKeys(async (keys) => {
            const created = await keys.create({ name, scopes: scopesOf(scope), projectIds: project });
            process.stdout.write(`${created.key}\n`);
          }),
        ),
    )
    .addCommand(
      new Command('list').action(() =>
        withKeys(async (keys) => {
          process.stdout.write(
            table(
              ['id', 'key', 'name', 'scopes', 'projects', 'created', 'revoked'],
              (await keys.list()).map((key) => [
                key.id,
                `${key.hint}…`,
                key.name,
                key.scopes.join(','),
                key.projectIds.join(',') || 'all',
                key.createdAt.toISOString(),
                key.revokedAt?.toISOString() ?? '',
              ]),
            ),
          );
        }),
      ),
    )
    .addCommand(
      new Command('revoke').argument('<id>', 'as `keys list` shows it').action((id: string) =>
        withKeys(async (keys) => {
          if (!(await keys.revoke(id))) throw new UnknownKeyError(id);
          process.stdout.write(`Revoked ${id}\n`);
        }),
      ),
    );

const withKeys = (work: (keys: ApiKeys) => Promise<void>): Promise<void> =>
  withDatabase(readConfig(), ({ prisma }) => work(new ApiKeys(prisma)));

function scopesOf(given: readonly string[]): Scope[] {
  const unknown = given.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new UnknownScopeError(unknown);
  return given as Scope[];
}

class UnknownScopeError extends Error {
  override readonly name = 'UnknownScopeError';
  readonly code = 'UNKNOWN_SCOPE';
  constructor(scope: string) {
    super(`--scope takes ${SCOPES.join(', ')}; not "${scope}"`);
  }
}

class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
  readonly code = 'UNKNOWN_KEY';
  constructor(id: string) {
    super(`No live key has the id ${id}; \`rollcall keys list\` shows them`);
  }
}
