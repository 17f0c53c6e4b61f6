import { ConfigError } from '../port/connector.errors.js';
import type { AccountCheck } from '../port/connector.js';

/** Reads one record of each stream: what is missing or hidden shows here and not in the middle of a run. */
export async function checkTables<Table extends string>(
  account: string,
  streams: readonly Table[],
  readOne: (stream: Table) => Promise<unknown>,
): Promise<AccountCheck> {
  for (const stream of streams) {
    const error = await configErrorOf(readOne(stream));
    if (error) return { ok: false, account, detail: `${stream} cannot be read: ${error.message}` };
  }
  return { ok: true, account };
}

async function configErrorOf(call: Promise<unknown>): Promise<ConfigError | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
