import { isDeepStrictEqual } from 'node:util';
import type { SecretComparison } from '#sync';
import type { ConnectionAnswer } from '../connections/connection-calls.js';
import type { WantedConnection } from './read-declaration.js';

export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Of a secret only that it is set, changed or taken away. */
export interface SecretChange {
  readonly field: string;
  readonly secret: Exclude<SecretComparison, 'same'>;
}

export type Change = FieldChange | SecretChange;

export type ConnectionPlan =
  | {
      readonly action: 'create';
      readonly name: string;
      readonly wanted: WantedConnection;
      readonly changes: readonly Change[];
    }
  | {
      readonly action: 'update' | 'unchanged';
      readonly name: string;
      readonly wanted: WantedConnection;
      readonly held: ConnectionAnswer;
      readonly changes: readonly Change[];
    }
  | { readonly action: 'remove' | 'keep'; readonly name: string; readonly held: ConnectionAnswer };

/** How the secrets of a declared connection compare with those it was given last. */
export type SecretComparisons = Readonly<Record<string, SecretComparison>>;

/** What has to happen for the connections to be what the file says. Pure. */
export function planChanges(
  wanted: readonly WantedConnection[],
  held: readonly ConnectionAnswer[],
  secretsOf: (connectionId: string) => SecretComparisons,
  prune: boolean,
): ConnectionPlan[] {
  const declared = new Set(wanted.map(({ name }) => name));
  return [
    ...wanted.map((connection) => planOne(connection, held, secretsOf)),
    ...held
      .filter(({ name }) => !declared.has(name))
      .map((other): ConnectionPlan => ({ action: prune ? 'remove' : 'keep', name: other.name, held: other })),
  ];
}

function planOne(
  wanted: WantedConnection,
  all: readonly ConnectionAnswer[],
  secretsOf: (connectionId: string) => SecretComparisons,
): ConnectionPlan {
  const { name } = wanted;
  const held = all.find((connection) => connection.name === name);
  if (!held) return { action: 'create', name, wanted, changes: creationOf(wanted) };
  const changes = [...fieldChanges(wanted, held), ...secretChanges(secretsOf(held.id))];
  return { action: changes.length > 0 ? 'update' : 'unchanged', name, wanted, held, changes };
}

function creationOf({ name: _, secrets = {}, ...wanted }: WantedConnection): Change[] {
  return [
    ...leaves(wanted).map(([field, to]) => ({ field, from: undefined, to })),
    ...Object.keys(secrets).map((name): SecretChange => ({ field: `secrets.${name}`, secret: 'new' })),
  ];
}

function fieldChanges(wanted: WantedConnection, held: ConnectionAnswer): FieldChange[] {
  const { settings, mapping, schedule, policies, paused } = wanted;
  return [
    ...differences('settings', held.settings, settings),
    ...differences('mapping', held.mapping, mapping),
    ...differences('schedule', scheduleOf(held), schedule),
    ...differences('policies', held.policies, policies),
    ...differences('paused', isPaused(held), paused),
  ];
}

export const isPaused = ({ status }: Pick<ConnectionAnswer, 'status'>): boolean => status === 'paused';

export const scheduleOf = ({ every_seconds, cron, time_zone }: ConnectionAnswer) => ({
  every_seconds,
  cron,
  // Without an expression it means nothing.
  time_zone: cron === null ? 'UTC' : time_zone,
});

const secretChanges = (compared: SecretComparisons): SecretChange[] =>
  Object.entries(compared).flatMap(([name, secret]) =>
    secret === 'same' ? [] : [{ field: `secrets.${name}`, secret }],
  );

/** Field by field; a part that is not declared does not differ. Lists are compared as a whole. */
function differences(field: string, from: unknown, to: unknown): FieldChange[] {
  if (to === undefined || isDeepStrictEqual(from, to)) return [];
  if (!isObject(from) || !isObject(to)) return [{ field, from, to }];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const [before, after] = [from[key], to[key]];
    if (isDeepStrictEqual(before, after)) return [];
    const inner = `${field}.${key}`;
    return after === undefined
      ? [{ field: inner, from: before, to: undefined }]
      : differences(inner, before, after);
  });
}

function leaves(value: unknown, field = ''): [string, unknown][] {
  if (!isObject(value)) return value === undefined ? [] : [[field, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, field === '' ? key : `${field}.${key}`),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
