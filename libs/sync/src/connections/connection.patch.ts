import { isDeepStrictEqual } from 'node:util';
import type { Connector } from '#connectors';
import { type ConnectionPatchInput, parseMapping, parsePolicies, parseSettings } from './connection.input.js';
import type { Connection } from './connection.js';
import type { ConnectionChanges } from './connection.store.js';
import { nextRunAt, requireSchedule } from './schedule.js';

export interface WantedChanges {
  readonly patch: ConnectionPatchInput;
  /** The mapping that `patch.mapping_version` speaks of. */
  readonly restored: Connection['mapping'] | undefined;
}

/**
 * What a patch changes of a connection as it is; a part that would stay as it is, is not among the changes.
 * @throws InvalidConnectionError naming the field and what was expected
 */
export async function patchConnection(
  connector: Connector,
  connection: Connection,
  { patch, restored }: WantedChanges,
  now: Date,
): Promise<ConnectionChanges> {
  return {
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...settingsOf(connector, connection, patch),
    ...(await mappingOf(connector, connection, patch, restored)),
    ...scheduleOf(connection, patch, now),
    ...policiesOf(connection, patch),
  };
}

function settingsOf(connector: Connector, { settings }: Connection, patch: ConnectionPatchInput) {
  if (!patch.settings) return {};
  const merged = replaced(settings as Record<string, unknown>, patch.settings);
  parseSettings(connector, merged);
  return isDeepStrictEqual(merged, settings) ? {} : { settings: merged };
}

async function mappingOf(
  connector: Connector,
  { mapping, mappingVersion }: Connection,
  patch: ConnectionPatchInput,
  restored: Connection['mapping'] | undefined,
) {
  const wanted = restored ?? (patch.mapping && replaced(mapping, patch.mapping));
  if (!wanted) return {};
  const valid = await parseMapping(connector, wanted as typeof mapping);
  return isDeepStrictEqual(valid, mapping) ? {} : { mapping: valid, mappingVersion: mappingVersion + 1 };
}

/** One kind of schedule takes the place of the other. */
function scheduleOf(connection: Connection, patch: ConnectionPatchInput, now: Date) {
  const { every_seconds, cron, time_zone } = patch;
  if (every_seconds === undefined && cron === undefined && time_zone === undefined) return {};
  const takesOver = (other: unknown) => other !== undefined && other !== null;
  const schedule = requireSchedule({
    everySeconds:
      every_seconds ?? (every_seconds === null || takesOver(cron) ? null : connection.everySeconds),
    cron: cron ?? (cron === null || takesOver(every_seconds) ? null : connection.cron),
    timeZone: time_zone ?? connection.timeZone,
  });
  const { everySeconds, timeZone } = connection;
  const same = isDeepStrictEqual(schedule, { everySeconds, cron: connection.cron, timeZone });
  return same ? {} : { ...schedule, nextRunAt: nextRunAt(schedule, now) };
}

function policiesOf({ policies }: Connection, patch: ConnectionPatchInput) {
  return patch.policies ? { policies: parsePolicies(replaced({ ...policies }, patch.policies)) } : {};
}

function replaced(
  held: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...held, ...given }).filter(([, value]) => value !== null));
}
