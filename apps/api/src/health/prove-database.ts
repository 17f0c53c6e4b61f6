import { type ApiKeys, type Pool, recentShortage } from '#platform';

/**
 * What every request asks of the database first, and a commit that reaches its disk and changes no table: a standby, a
 * full disk or a silent server fails one of them.
 */
export async function proveDatabase(pool: Pool, keys: Pick<ApiKeys, 'requireLookUps'>): Promise<void> {
  await keys.requireLookUps();
  await pool.query(`select pg_logical_emit_message(true, 'rollcall', 'ready?')`);
  const shortage = recentShortage(pool);
  if (shortage)
    throw new Error(`a statement was refused with SQLSTATE ${shortage} within the last ten seconds`);
}
