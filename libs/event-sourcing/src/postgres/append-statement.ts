import type { NewEvent } from '../event.js';
import type { CommandRecord, StreamAppend } from '../event-store.js';
import type { InlineProjection } from './inline-projection.js';
import { StatementParameters } from './statement.js';

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** One event of one stream: `es.append_one` with its projections. */
export function appendOneStatement(
  append: StreamAppend,
  projections: readonly InlineProjection[],
  command?: CommandRecord,
): Statement {
  const parameters = new StatementParameters();
  const [event] = append.events as [NewEvent];
  const call = [
    parameters.add(append.streamId, 'uuid'),
    parameters.add(append.category, 'text'),
    parameters.add(expected(append), 'bigint'),
    parameters.add(event.id, 'uuid'),
    parameters.add(event.type, 'text'),
    parameters.add(event.schemaVersion, 'smallint'),
    parameters.add(JSON.stringify(event.data), 'jsonb'),
    parameters.add(JSON.stringify(event.metadata), 'jsonb'),
  ].join(', ');
  return finish(
    `appended as materialized (select *, array[global_position] as positions from es.append_one(${call}))`,
    projections.map((projection) => projection.one(append, parameters)),
    parameters,
    command,
  );
}

/** Many events, many streams: `es.append`, then one row per stream. */
export function appendManyStatement(
  appends: readonly StreamAppend[],
  projections: readonly InlineProjection[],
  command?: CommandRecord,
): Statement {
  const parameters = new StatementParameters();
  const events = appends.flatMap((append) =>
    append.events.map((event) => ({ streamId: append.streamId, event })),
  );
  const call = [
    parameters.column(appends, 'uuid', ({ streamId }) => streamId),
    parameters.column(appends, 'text', ({ category }) => category),
    parameters.column(appends, 'bigint', expected),
    parameters.column(events, 'uuid', ({ streamId }) => streamId),
    parameters.column(events, 'uuid', ({ event }) => event.id),
    parameters.column(events, 'text', ({ event }) => event.type),
    parameters.column(events, 'smallint', ({ event }) => event.schemaVersion),
    parameters.column(events, 'jsonb', ({ event }) => JSON.stringify(event.data)),
    parameters.column(events, 'jsonb', ({ event }) => JSON.stringify(event.metadata)),
  ].join(', ');
  return finish(
    `appended as materialized (
      select stream_id, max(version) as version, max(global_position) as global_position,
        array_agg(global_position order by version) as positions
      from es.append(${call}) group by stream_id)`,
    projections.map((projection) =>
      projection.many(
        appends.filter(({ category }) => category === projection.category),
        parameters,
      ),
    ),
    parameters,
    command,
  );
}

const expected = ({ expectedVersion }: StreamAppend): number =>
  expectedVersion === 'any' ? -1 : expectedVersion;

function finish(
  appended: string,
  projected: readonly string[],
  parameters: StatementParameters,
  command: CommandRecord | undefined,
): Statement {
  const parts = [appended, ...projected.filter(Boolean)];
  if (command) parts.push(commandInsert(command, parameters));
  return {
    text: `with ${parts.join(',\n')}\nselect stream_id, version, global_position from appended`,
    values: parameters.values,
  };
}

// Reads from `appended`, so that a wrong version is found before the key is taken.
const commandInsert = (
  { key, requestHash, result }: CommandRecord,
  parameters: StatementParameters,
): string =>
  `command as (insert into es.commands (idempotency_key, request_hash, result)
    select ${parameters.add(key, 'text')}, ${parameters.add(requestHash, 'bytea')},
      ${parameters.add(JSON.stringify(result), 'jsonb')} from appended limit 1)`;
