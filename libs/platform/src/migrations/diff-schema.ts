import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { withConnection } from '../database/connection.js';
import { longWork } from '../database/connection-config.js';
import { EngineConnection } from './engine-adapter.js';
import { prismaFolder } from './migrations-folder.js';
import { noFilters, schemaFile, withSchemaEngine } from './schema-engine.js';

const DIFFERENT = 2;

/**
 * The SQL that would bring the database to `schema.prisma`; empty when they agree. It sees schemas, tables, columns,
 * types, defaults, keys and plain indexes; functions, triggers, checks, expression indexes and `NULLS NOT DISTINCT`
 * are outside Prisma's language and live in the migrations alone.
 */
export async function diffSchema(databaseUrl: string, folder = prismaFolder()): Promise<string> {
  const schema = await readFile(path.join(folder, 'schema.prisma'), 'utf8');
  const files = [schemaFile(schema)];
  return withConnection({ url: databaseUrl, name: 'rollcall-migrations', ...longWork }, (client) =>
    withSchemaEngine({ connection: new EngineConnection(client), schema }, async (engine) => {
      const { exitCode, stdout } = await engine.diff({
        from: { tag: 'schemaDatasource', files, configDir: folder },
        to: { tag: 'schemaDatamodel', files },
        script: true,
        exitCode: true,
        filters: noFilters,
      });
      return exitCode === DIFFERENT ? (stdout ?? '') : '';
    }),
  );
}
