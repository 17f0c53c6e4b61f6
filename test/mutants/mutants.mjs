const migration = 'prisma/migrations/20261123000001_event_store/migration.sql';
const database = 'libs/platform/src/database';
const logOrder = 'libs/event-sourcing/src/postgres/log-order.int-spec.ts';
const held = `${database}/held-connections.int-spec.ts`;

const lock = `  if pg_advisory_xact_lock_shared((7744::bigint << 44) | pg_sequence_last_value('es.global_position')) is null then
    raise exception 'es.global_position has no last value to publish';
  end if;
`;
const lastRead = '  select last_value into l from es.global_position;\n';
const locksRead = `  select min(((classid::bigint & 4095) << 32) | objid::bigint) into w
    from pg_locks
   where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 12 = 7744 and granted
     and database = (select oid from pg_database where datname = current_database());
`;
const afterLock = '  append_one.stream_id := p_stream;\n';
const beforeLock =
  '  -- IF evaluates it in place, where PERFORM and a sub-select would start a query, as dear as a third of the append.\n';

/**
 * What we must not do, and the shortest test that notices. `edits`: file, exact text that is there once, what is there
 * instead. `test`: a pattern for the test's full name. `hangs`: what the mutant does is wait for ever, so that a test
 * which does not end has caught it; for all others that counts as not noticed.
 */
export const mutants = [
  {
    name: 'lock dropped from es.append_one',
    edits: [[migration, lock + afterLock, afterLock]],
    spec: logOrder,
    test: 'embedded.*holds a reader back.*1 events',
  },
  {
    name: 'lock dropped from es.append',
    edits: [[migration, beforeLock + lock, beforeLock]],
    spec: logOrder,
    test: 'embedded.*holds a reader back.*2 events',
  },
  {
    name: 'reads of the watermark reordered',
    edits: [[migration, lastRead + locksRead, locksRead + lastRead]],
    spec: logOrder,
    test: 'embedded.*not in the order in which es.safe_position reads',
  },
  {
    name: 'naive checkpoint',
    edits: [
      [
        'libs/event-sourcing/src/postgres/postgres-event-store.ts',
        'select es.safe_position() as safe',
        'select last_value as safe from es.global_position',
      ],
    ],
    spec: logOrder,
    test: 'embedded.*holds a reader back.*1 events',
  },
  {
    name: 'no compare-and-set of the checkpoint',
    edits: [
      [
        'libs/event-sourcing/src/postgres/checkpoints.ts',
        'subscription = $1 and position = $2`',
        'subscription = $1 and $2::bigint is not null`',
      ],
    ],
    spec: 'libs/event-sourcing/src/subscription.int-spec.ts',
    test: 'embedded.*rolls back a runner that slept',
  },
  {
    name: 'no listener on a held client',
    edits: [
      [`${database}/hold-client.ts`, "      client.on('error', lost);\n", ''],
      [`${database}/bounded-pool.ts`, '    sayOnceWhenLost(bounded, connection.name);\n', ''],
    ],
    spec: held,
    test: 'embedded.*a held connection fails with one error when the server ends it between statements',
  },
  {
    name: 'no client-side limit',
    edits: [[`${database}/connection-config.ts`, 'query_timeout: answerWithin', 'query_timeout: 0']],
    spec: held,
    test: 'silent.*embedded.*fails a statement, is cut',
    hangs: true,
  },
  {
    name: 'idle connections kept when one is silent',
    edits: [[`${database}/bounded-pool.ts`, 'for (const other of idle) other.cut();', '']],
    spec: held,
    test: 'silent.*embedded.*fails a statement, is cut',
    hangs: true,
  },
  {
    name: 'a connection that cannot roll back goes back to the pool',
    edits: [[`${database}/transaction.ts`, 'catch(discard)', 'catch(() => undefined)']],
    spec: held,
    test: 'embedded.*could not even roll back',
  },
  {
    name: "COMMIT's answer not looked at",
    edits: [
      [
        `${database}/transaction.ts`,
        "      if (command !== 'COMMIT') throw new TransactionRolledBackError();\n",
        '',
      ],
    ],
    spec: held,
    test: 'embedded.*is not said to be committed when PostgreSQL rolled back',
  },
  {
    name: 'no outage in class 53',
    edits: [[`${database}/database-unavailable.ts`, "['08', '53', '57', '58']", "['08', '57', '58']"]],
    spec: `${database}/database-unavailable.spec.ts`,
    test: 'is 53100 from a connection of ours',
  },
  {
    name: 'tries counted during an outage',
    edits: [
      [
        'libs/queue/src/verdict.ts',
        'if (isDatabaseUnavailable(error))',
        'if (isDatabaseUnavailable(error) && attempt < policy.attempts)',
      ],
    ],
    spec: 'libs/queue/src/verdict.spec.ts',
    test: 'is not counted while the database is away',
  },
];
