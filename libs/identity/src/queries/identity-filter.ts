import { StatementParameters } from '#event-sourcing';
import type { ProjectAccess } from '../identity.access.js';
import type { IdentityType } from '../identity.state.js';
import { FILTERABLE_LENGTH, toColumn } from '../projections/identity.row.js';

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
}

/**
 * A filter as SQL: a FROM item named `i`, its order column, and conditions. Every statement names `identities` before
 * `identity_properties`, so that locks are taken in one order: the rebuild swaps both (identity.rebuild.ts).
 */
export interface FilterSql {
  readonly from: string;
  /** The column that carries the created order in an index that fits the filter. */
  readonly position: string;
  readonly conditions: string[];
}

/** The first property filter leads, since its index holds the created order; further ones are looked up by key. */
export function filterSql(
  filter: IdentityFilter,
  access: ProjectAccess,
  parameters: StatementParameters,
): FilterSql {
  const [lead, ...others] = Object.entries(filter.properties ?? {});
  return {
    from: lead ? 'identities i join identity_properties p on p.identity_id = i.id' : 'identities i',
    position: lead ? 'p.created_position' : 'i.created_position',
    conditions: [
      ...(lead ? [propertyIs('p', lead, parameters)] : []),
      ...others.map(
        (other) =>
          `exists (select 1 from identity_properties o where o.identity_id = i.id and ${propertyIs('o', other, parameters)})`,
      ),
      ...scalarConditions(filter, parameters),
      ...accessCondition(access, parameters),
    ],
  };
}

function scalarConditions(filter: IdentityFilter, parameters: StatementParameters): string[] {
  const { name, identifierKey, identityType, projectId } = filter;
  return [
    name !== undefined && `i.name ilike ${parameters.add(`%${escapeLike(name)}%`, 'text')}`,
    identifierKey !== undefined && `i.identifier_key = ${parameters.add(identifierKey, 'text')}`,
    identityType !== undefined && `i.identity_type = ${parameters.add(identityType, 'text')}`,
    projectId !== undefined && `i.project_id = ${parameters.add(toColumn(projectId), 'text')}`,
  ].filter((condition) => condition !== false);
}

/** One project is an equality, so that its index holds the created order; several are a filter on the way. */
function accessCondition(access: ProjectAccess, parameters: StatementParameters): string[] {
  if (access === 'all') return [];
  const [only, ...others] = access;
  if (only !== undefined && others.length === 0) return [`i.project_id = ${parameters.add(only, 'text')}`];
  return [`i.project_id = any(${parameters.add(access, 'text[]')})`];
}

const propertyIs = (alias: string, [key, value]: [string, string], parameters: StatementParameters): string =>
  `${alias}.key = ${parameters.add(key, 'text')} and ${alias}.value = ${parameters.add(value, 'text')}`;

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

export { FILTERABLE_LENGTH };
