import { StatementParameters } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import type { IdentityType } from '../identity.state.js';
import { toColumn } from '../projections/identity.row.js';

/** Which identities; all that is given must match. */
export interface IdentityFilter {
  /** Case-insensitive: the name contains it. */
  readonly name?: string | undefined;
  readonly identifierKey?: string | undefined;
  readonly identityType?: IdentityType | undefined;
  /** Absent: every project the caller may see. */
  readonly projectId?: string | undefined;
  /** Key to value as text: `42` finds the number and the string. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /**
   * Changed at that moment or later. That moment too: several change in one millisecond, and whoever goes on from the
   * last moment they saw has not seen all of them.
   */
  readonly updatedAfter?: Date | undefined;
}

/**
 * A filter as SQL: a FROM item named `i`, conditions, and an order. Every statement names `identities` before
 * `identity_properties`, so that locks are taken in one order: the rebuild swaps both (identity.rebuild.ts).
 */
export interface FilterSql {
  readonly from: string;
  readonly conditions: readonly string[];
  readonly order: CreatedOrder;
  /** One plan suits all values: all that matches lies together in an index, or a key finds a row or two. */
  readonly onePlan: boolean;
}

/** The created order, in the index that holds the rows of one project or type together, or of all. */
export interface CreatedOrder {
  readonly within?: { readonly column: string; readonly value: string } | undefined;
  readonly position: string;
}

export function filterSql(
  filter: IdentityFilter,
  access: ProjectAccess,
  parameters: StatementParameters,
): FilterSql {
  const properties = Object.entries(filter.properties ?? {});
  if (properties.length > 0) return propertySql(properties, filter, access, parameters);
  const equal = equalities(filter, access, parameters);
  const others = otherConditions(filter, access, parameters);
  const within = others.length === 0 ? aloneInAnIndex(equal) : undefined;
  return {
    from: 'identities i',
    conditions: within ? [] : [...equal.map(isEqual), ...others],
    order: { within, position: 'i.created_position' },
    onePlan: within !== undefined || equal.length + others.length === 0 || filter.identifierKey !== undefined,
  };
}

/** The first property leads, since its index holds the created order; further ones are looked up by key. */
function propertySql(
  [lead, ...others]: [key: string, value: string][],
  filter: IdentityFilter,
  access: ProjectAccess,
  parameters: StatementParameters,
): FilterSql {
  return {
    from: 'identities i join identity_properties p on p.identity_id = i.id',
    conditions: [
      ...(lead ? [propertyIs('p', lead, parameters)] : []),
      ...others.map(
        (other) =>
          `exists (select 1 from identity_properties o where o.identity_id = i.id and ${propertyIs('o', other, parameters)})`,
      ),
      ...equalities(filter, access, parameters).map(isEqual),
      ...otherConditions(filter, access, parameters),
    ],
    order: { position: 'p.created_position' },
    onePlan: false,
  };
}

/** Everything that must hold, for a question without an order. */
export const allConditions = ({ order: { within }, conditions }: FilterSql): readonly string[] =>
  within ? [isEqual(within), ...conditions] : conditions;

/**
 * The part of the order that lies between two positions. Bounds on column and position together, since an equality
 * would leave PostgreSQL free to walk the order of all and skip everybody else's rows: for a page deep down or the
 * last one of a small project it does, and reads the whole table.
 */
export function between({ within, position }: CreatedOrder, low?: string, high?: string): string[] {
  if (!within) return [low && `${position} > ${low}`, high && `${position} < ${high}`].filter(isGiven);
  const { column, value } = within;
  return [
    low ? `(${column}, ${position}) > (${value}, ${low})` : `${column} >= ${value}`,
    high ? `(${column}, ${position}) < (${value}, ${high})` : `${column} <= ${value}`,
  ];
}

interface Equality {
  readonly column: 'i.identifier_key' | 'i.project_id' | 'i.identity_type';
  readonly value: string;
}

function equalities(
  { identifierKey, projectId, identityType }: IdentityFilter,
  access: ProjectAccess,
  parameters: StatementParameters,
): Equality[] {
  const equal = (column: Equality['column'], value: string | undefined): Equality[] =>
    value === undefined ? [] : [{ column, value: parameters.add(value, 'text') }];
  return [
    ...equal('i.identifier_key', identifierKey),
    ...equal('i.project_id', projectId === undefined ? undefined : toColumn(projectId)),
    ...equal('i.project_id', access.length === 1 && access[0] !== projectId ? access[0] : undefined),
    ...equal('i.identity_type', identityType),
  ];
}

/** With one more condition there is no index of both, and PostgreSQL judges best by plain equalities. */
const aloneInAnIndex = ([only, ...others]: readonly Equality[]): Equality | undefined =>
  others.length === 0 && only?.column !== 'i.identifier_key' ? only : undefined;

/**
 * `updated_at` has no part in the order: few that match are found in its index and sorted, many are met on the way along
 * the order. Only the statistics tell which it is, so such a filter never has one plan for all values.
 */
function otherConditions(
  { name, updatedAfter }: IdentityFilter,
  access: ProjectAccess,
  parameters: StatementParameters,
): string[] {
  const several = access !== 'all' && access.length !== 1;
  return [
    name !== undefined && `i.name ilike ${parameters.add(`%${escapeLike(name)}%`, 'text')}`,
    updatedAfter !== undefined &&
      `i.updated_at >= ${parameters.add(updatedAfter.toISOString(), 'timestamptz')}`,
    several && `i.project_id = any(${parameters.add(access, 'text[]')})`,
  ].filter(isGiven);
}

const isEqual = ({ column, value }: { column: string; value: string }): string => `${column} = ${value}`;

const isGiven = (condition: string | false | undefined): condition is string => Boolean(condition);

const propertyIs = (alias: string, [key, value]: [string, string], parameters: StatementParameters): string =>
  `${alias}.key = ${parameters.add(key, 'text')} and ${alias}.value = ${parameters.add(value, 'text')}`;

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');
