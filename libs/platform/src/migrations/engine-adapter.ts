import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { PoolClient } from '../database/pool.js';

/** Runs one migration's SQL on the engine's connection. */
export type RunScript = (script: string) => Promise<unknown>;

/**
 * `PrismaPg` as the schema engine needs it. As it comes, it cuts a script at every semicolon, also inside a
 * function's body, and refuses the catalogue's one-byte type `"char"`.
 */
export class EngineAdapterFactory extends PrismaPg {
  constructor(
    private readonly connection: EngineConnection,
    private readonly runScript: RunScript,
  ) {
    super(connection);
  }

  override async connect() {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.executeScript = async (script) => {
      await this.runScript(script);
    };
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const column of this.connection.charColumns.get(result.rows) ?? [])
        result.columnTypes[column] = CHARACTER;
      return result;
    };
    return adapter;
  }
}

const CHAR_OID = 18;
const TEXT_OID = 25;
/** `ColumnTypeEnum.Character` of Prisma's driver adapters. */
const CHARACTER = 6;

/** The one connection that is held for the engine, in the shape of a pool, which is all that `PrismaPg` takes. */
export class EngineConnection extends pg.Pool {
  /** Lets `"char"` pass as text, and remembers by its rows which columns of a result those were. */
  readonly charColumns = new WeakMap<unknown[], number[]>();
  /** The engine makes a text of what the database says; who asks why it failed looks here. */
  lastError: Error | undefined;

  /** @param markStarted SQL that becomes one transaction with the row that says a migration has started */
  constructor(
    private readonly client: PoolClient,
    private readonly markStarted?: string,
  ) {
    super({ max: 1 });
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg overloads `query` six ways; all are passed through
  override async query(...args: any[]): Promise<any> {
    const result = await this.ask(...args).catch((error: Error) => {
      this.lastError = error;
      throw error;
    });
    const chars = (result.fields ?? []).flatMap((field, column) =>
      field.dataTypeID === CHAR_OID ? [column] : [],
    );
    for (const column of chars) Object.assign(result.fields[column] ?? {}, { dataTypeID: TEXT_OID });
    if (chars.length > 0) this.charColumns.set(result.rows, chars);
    return result;
  }

  private async ask(...args: unknown[]): Promise<pg.QueryResult> {
    const query = this.client.query.bind(this.client) as (...args: unknown[]) => Promise<pg.QueryResult>;
    if (!this.markStarted || !startsMigration(args[0])) return query(...args);
    await query('begin');
    try {
      const result = await query(...args);
      await query(`${this.markStarted}; commit`);
      return result;
    } catch (error) {
      await query('rollback').catch(() => undefined); // Lost with its connection, whose error is the one to tell.
      throw error;
    }
  }

  /** It opens no transactions of its own, and another connection would be without the lock. */
  override connect(): never {
    throw new Error('The schema engine has one connection');
  }
}

const startsMigration = (query: unknown): boolean =>
  /^\s*insert into "_prisma_migrations"/i.test((query as { text?: string }).text ?? '');
