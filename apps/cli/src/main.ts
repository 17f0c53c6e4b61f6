#!/usr/bin/env node
import 'reflect-metadata';
import { Command } from 'commander';
import { guardOutputs } from '#platform';

guardOutputs();

/** Each loaded when it is called for: the service alone is most of the second that loading everything takes. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start/start.command.js')).startCommand(),
  import: async () => (await import('./import/import.command.js')).importCommand(),
  connections: async () => (await import('./connections/connections.command.js')).connectionsCommand(),
  connectors: async () => (await import('./connectors/connectors.command.js')).connectorsCommand(),
  apply: async () => (await import('./apply/apply.command.js')).applyCommand(),
  sync: async () => (await import('./sync/sync.command.js')).syncCommand(),
  conflicts: async () => (await import('./conflicts/conflicts.command.js')).conflictsCommand(),
  quarantine: async () => (await import('./quarantine/quarantine.command.js')).quarantineCommand(),
  webhooks: async () => (await import('./webhooks/webhooks.command.js')).webhooksCommand(),
  keys: async () => (await import('./keys/keys.command.js')).keysCommand(),
  'dead-letters': async () => (await import('./dead-letters/dead-letters.command.js')).deadLettersCommand(),
  migrate: async () => (await import('./migrate.command.js')).migrateCommand(),
  rebuild: async () => (await import('./rebuild/rebuild.command.js')).rebuildCommand(),
};

const program = new Command('rollcall').description(
  'Identities for AI agents, as events: the Letta /v1/identities API, history, imports and CRM sync',
);

/** The one that is asked for, or all of them for help and for what there is not. */
const asked = Object.entries(commands).filter(([name]) => name === process.argv[2]);
for (const [, load] of asked.length > 0 ? asked : Object.entries(commands)) program.addCommand(await load());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
});

/** What a person needs to know: the message, not the stack, of an error that we made; all of any other. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? error.message : (error.stack ?? error.message);
}
