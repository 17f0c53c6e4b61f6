import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

export type RunScript = (pool: pg.Pool, script: string) => Promise<void>;

/**
 * `PrismaPg` as the schema engine needs it. As it comes, it cuts a script at every semicolon, also inside a
 * function's body, and refuses the catalogue's one-byte type `"char"`.
 */
export class EngineAdapterFactory extends PrismaPg {
  constructor(
    private readonly pool: EnginePool,
    private readonly runScript: RunScript,
  ) {
    super(pool);
  }

  override async connect() {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.executeScript = (script) => this.runScript(this.pool, script);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const column of this.pool.charColumns.get(result.rows) ?? [])
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

/** Lets `"char"` pass as text, and remembers by its rows which columns of a result those were. */
export class EnginePool extends pg.Pool {
  readonly charColumns = new WeakMap<unknown[], number[]>();

  // biome-ignore lint/suspicious/noExplicitAny: pg overloads `query` six ways; all are passed through
  override async query(...args: any[]): Promise<any> {
    const result = await (super.query as (...args: unknown[]) => Promise<pg.QueryResult>)(...args);
    const chars = (result.fields ?? []).flatMap((field, column) =>
      field.dataTypeID === CHAR_OID ? [column] : [],
    );
    for (const column of chars) Object.assign(result.fields[column] ?? {}, { dataTypeID: TEXT_OID });
    if (chars.length > 0) this.charColumns.set(result.rows, chars);
    return result;
  }
}
