import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import { EngineAdapterFactory, type EngineConnection, type RunScript } from './engine-adapter.js';
import type { Migration } from './migrations-folder.js';

export interface SchemaEngineOptions {
  readonly connection: EngineConnection;
  readonly schema: string;
  /** Runs one migration's SQL; the default sends it as it is. */
  readonly runScript?: RunScript;
}

/** Nothing is left out of what the engine looks at. */
export const noFilters = { externalTables: [], externalEnums: [] };

export const schemaFile = (schema: string) => ({ path: 'schema.prisma', content: schema });

/**
 * Prisma's schema engine on one connection, in its WebAssembly build: the binary that Prisma's CLI wants is a
 * download, which many networks refuse. Both keep the same `_prisma_migrations` table.
 */
export async function withSchemaEngine<T>(
  options: SchemaEngineOptions,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  await loadEngine();
  const { connection, schema, runScript = (script) => connection.query(script) } = options;
  const factory = bindMigrationAwareSqlAdapterFactory(new EngineAdapterFactory(connection, runScript));
  const datamodels: [string, string][] = [['schema.prisma', schema]];
  const engine = await engineModule.SchemaEngine.new({ datamodels }, ignoreEngineLog, factory);
  return work(engine).finally(() => engine.free());
}

/** The folder's content in the shape the engine reads it in. */
export const toMigrationList = (folder: string, migrations: readonly Migration[]): MigrationList => ({
  baseDir: path.join(folder, 'migrations'),
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
  shadowDbInitScript: '',
  migrationDirectories: migrations.map(({ name, sql }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
  })),
});

let loading: Promise<void> | undefined;

function loadEngine(): Promise<void> {
  loading ??= instantiate();
  return loading;
}

/** Node 20 imports no `.wasm` files, so the package's own entry cannot be used. */
async function instantiate(): Promise<void> {
  sayWhyItPanics();
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withPassiveTimers() });
  const glue = engineModule as unknown as { __wbg_set_wasm(exports: WasmExports): void };
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/** The engine leaves its ten-second timer for the database lock running; it shall not keep the process from ending. */
function withPassiveTimers(): Record<string, unknown> {
  const glue: Record<string, unknown> = { ...engineModule };
  for (const [name, setTimer] of Object.entries(glue)) {
    if (name.startsWith('__wbg_setTimeout') && typeof setTimer === 'function') {
      glue[name] = (...args: unknown[]) => setTimer(...args).unref();
    }
  }
  return glue;
}

/** Prisma's client sets the same global; where it is not loaded a panic of the engine would not say why. */
function sayWhyItPanics(): void {
  const globals = globalThis as { PRISMA_WASM_PANIC_REGISTRY?: { set_message(message: string): void } };
  globals.PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message(message) {
      throw new Error(`Prisma's schema engine panicked: ${message}`);
    },
  };
}

interface WasmExports {
  __wbindgen_start(): void;
}

/** TypeScript knows this global from the browser's library alone. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: WasmExports } }>;
};

/** What the engine has to say arrives as a result or as an error. */
const ignoreEngineLog = () => undefined;
