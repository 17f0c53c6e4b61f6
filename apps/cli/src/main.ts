#!/usr/bin/env node
import 'reflect-metadata';
import { Command } from 'commander';
import { applyCommand } from './apply/apply.command.js';
import { conflictsCommand } from './conflicts/conflicts.command.js';
import { connectionsCommand } from './connections/connections.command.js';
import { connectorsCommand } from './connectors/connectors.command.js';
import { deadLettersCommand } from './dead-letters/dead-letters.command.js';
import { importCommand } from './import/import.command.js';
import { keysCommand } from './keys/keys.command.js';
import { migrateCommand } from './migrate.command.js';
import { quarantineCommand } from './quarantine/quarantine.command.js';
import { rebuildCommand } from './rebuild/rebuild.command.js';
import { startCommand } from './start/start.command.js';
import { syncCommand } from './sync/sync.command.js';
import { webhooksCommand } from './webhooks/webhooks.command.js';

const program = new Command('rollcall')
  .description(
    'Identities for AI agents, as events: the Letta /v1/identities API, history, imports and CRM sync',
  )
  .addCommand(startCommand())
  .addCommand(importCommand())
  .addCommand(connectionsCommand())
  .addCommand(connectorsCommand())
  .addCommand(applyCommand())
  .addCommand(syncCommand())
  .addCommand(conflictsCommand())
  .addCommand(quarantineCommand())
  .addCommand(webhooksCommand())
  .addCommand(keysCommand())
  .addCommand(deadLettersCommand())
  .addCommand(migrateCommand())
  .addCommand(rebuildCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
});

/** What a person needs to know: the message, not the stack, of an error that we made; all of any other. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? error.message : (error.stack ?? error.message);
}
