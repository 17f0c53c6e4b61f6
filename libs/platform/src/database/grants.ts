import type { PoolClient } from './pool.js';
import { quoteIdentifier } from './quoting.js';

/** What the role that serves requests may do to the tables of a schema: use them, never change what they are. */
export interface SchemaGrant {
  readonly schema: string;
  readonly tables: readonly string[];
  /** BullMQ makes a sequence for each queue as it meets it. */
  readonly maySequence?: boolean;
  /** Tables that differ from the rest. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const USE = ['select', 'insert', 'update', 'delete'] as const;

/**
 * The service's own schemas. The log takes inserts alone: whoever serves requests can neither change an event nor
 * disable the trigger that refuses it, since only the owner of a table can.
 */
export const serviceGrants: readonly SchemaGrant[] = [
  {
    schema: 'public',
    tables: USE,
    except: { _prisma_migrations: ['select'], schema_requirements: ['select'] },
  },
  { schema: 'es', tables: USE, except: { events: ['select', 'insert'] } },
];

export const queueGrant = (schema: string): SchemaGrant => ({ schema, tables: USE, maySequence: true });

/**
 * Lets `role` use what the owner, whose connection this is, has made; repeated at every start, since each migration may
 * bring tables. Sequences, functions and types of the schema come along.
 */
export async function grantUse(
  owner: PoolClient,
  role: string,
  grants: readonly SchemaGrant[],
): Promise<void> {
  const name = quoteIdentifier(role);
  for (const { schema, tables, maySequence, except = {} } of grants) {
    const place = quoteIdentifier(schema);
    const own = await ownRelations(owner, schema);
    const statements = [
      `grant usage${maySequence ? ', create' : ''} on schema ${place} to ${name}`,
      ...grantOn(own.tables, tables.join(', '), name),
      ...grantOn(own.sequences, `usage, select${maySequence ? ', update' : ''}`, name, 'sequence'),
      `grant execute on all functions in schema ${place} to ${name}`,
      ...Object.entries(except).flatMap(([table, rights]) => {
        const target = `${place}.${quoteIdentifier(table)}`;
        return [`revoke all on ${target} from ${name}`, `grant ${rights.join(', ')} on ${target} to ${name}`];
      }),
    ];
    await owner.query(`begin; ${ONE_AT_A_TIME}; ${statements.join('; ')}; commit`);
  }
}

/**
 * Processes start together, and of two that change one row of the catalog PostgreSQL fails the second («tuple
 * concurrently updated»). Two numbers: not the key space of the watermark.
 */
export const ONE_AT_A_TIME = 'select pg_advisory_xact_lock(7744, 2)';

/** Others may keep tables in `public`, which are not ours to give. */
async function ownRelations(owner: PoolClient, schema: string) {
  const { rows } = await owner.query<{ name: string; sequence: boolean }>(OWN_RELATIONS, [schema]);
  const names = (sequence: boolean) =>
    rows.filter((row) => row.sequence === sequence).map(({ name }) => name);
  return { tables: names(false), sequences: names(true) };
}

const OWN_RELATIONS = `
  select format('%I.%I', n.nspname, c.relname) as name, c.relkind = 'S' as sequence
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and pg_has_role(c.relowner, 'usage')`;

const grantOn = (names: readonly string[], rights: string, role: string, kind = 'table'): string[] =>
  names.length > 0 ? [`grant ${rights} on ${kind} ${names.join(', ')} to ${role}`] : [];

/** The role a connection acts as. */
export async function currentRole(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ role: string }>('select current_user::text as role');
  return rows[0]?.role ?? '';
}
