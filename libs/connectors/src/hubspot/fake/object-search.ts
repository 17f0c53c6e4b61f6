import { z } from 'zod';
import type { FakeObject } from './object-table.js';

const OPERATORS = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;

const filterSchema = z.object({
  propertyName: z.string(),
  operator: z.enum(OPERATORS),
  value: z.string().optional(),
  highValue: z.string().optional(),
  values: z.array(z.string()).optional(),
});

const sortSchema = z.union([
  z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
  z.string().transform((name) => ({
    propertyName: name.replace(/^-/, ''),
    direction: name.startsWith('-') ? ('DESCENDING' as const) : ('ASCENDING' as const),
  })),
]);

/** HubSpot's own limits: page, groups, filters, one sort. */
export const searchRequestSchema = z.object({
  query: z.string().optional(),
  filterGroups: z
    .array(z.object({ filters: z.array(filterSchema).max(6) }))
    .max(5)
    .default([]),
  sorts: z.array(sortSchema).max(1).default([]),
  properties: z.array(z.string()).default([]),
  limit: z.int().min(0).max(200).default(10),
  after: z
    .union([z.string().regex(/^\d*$/), z.int().min(0)])
    .default('0')
    .transform(Number),
});

export type SearchRequest = z.output<typeof searchRequestSchema>;
type Filter = z.output<typeof filterSchema>;

/** Every match, in the order asked for; groups are joined by OR, filters by AND. */
export function searchObjects(objects: readonly FakeObject[], request: SearchRequest): FakeObject[] {
  const { filterGroups, sorts, query } = request;
  const matches = objects.filter(
    (object) =>
      (filterGroups.length === 0 ||
        filterGroups.some(({ filters }) => filters.every((f) => holds(object, f)))) &&
      (!query || mentions(object, query)),
  );
  const [sort] = sorts;
  if (!sort) return matches;
  const sign = sort.direction === 'DESCENDING' ? -1 : 1;
  const keyOf = ({ properties }: FakeObject) =>
    comparable(sort.propertyName, properties[sort.propertyName] ?? '');
  return matches.sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
}

function holds({ properties }: FakeObject, filter: Filter): boolean {
  const stored = properties[filter.propertyName];
  const has = stored !== undefined && stored !== null && stored !== '';
  if (filter.operator === 'HAS_PROPERTY') return has;
  if (filter.operator === 'NOT_HAS_PROPERTY') return !has;
  if (!has) return filter.operator.startsWith('N');
  return test(filter, stored);
}

function test(
  { propertyName, operator, value = '', highValue = '', values = [] }: Filter,
  stored: string,
): boolean {
  const order = (other: string) => compare(comparable(propertyName, stored), comparable(propertyName, other));
  switch (operator) {
    case 'EQ':
      return order(value) === 0;
    case 'NEQ':
      return order(value) !== 0;
    case 'LT':
      return order(value) < 0;
    case 'LTE':
      return order(value) <= 0;
    case 'GT':
      return order(value) > 0;
    case 'GTE':
      return order(value) >= 0;
    case 'BETWEEN':
      return order(value) >= 0 && order(highValue) <= 0;
    case 'IN':
      return values.some((one) => order(one) === 0);
    case 'NOT_IN':
      return values.every((one) => order(one) !== 0);
    case 'CONTAINS_TOKEN':
      return containsToken(stored, value);
    default:
      return !containsToken(stored, value);
  }
}

type Comparable = string | number | bigint;

function compare(a: Comparable, b: Comparable): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Dates come as milliseconds or ISO text, ids as numbers too long for a double. */
function comparable(propertyName: string, value: string): Comparable {
  if (propertyName === 'hs_object_id' && /^\d+$/.test(value)) return BigInt(value);
  if (/date$/.test(propertyName)) return /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  return value.toLowerCase();
}

function containsToken(stored: string, token: string): boolean {
  const tokens = stored.toLowerCase().split(/[\s;,@.]+/);
  const wanted = token.toLowerCase().replaceAll('*', '');
  return token.includes('*') ? tokens.some((one) => one.includes(wanted)) : tokens.includes(wanted);
}

function mentions({ properties }: FakeObject, query: string): boolean {
  return Object.values(properties).some((value) => value?.toLowerCase().includes(query.toLowerCase()));
}
