import { z } from 'zod';
import { LIMITS } from '#identity';
import { isStorable, isStorableTime } from '#platform';

const MAX_LIMIT = 1_000;

/** A text in a query. Bounded, and storable, so that the database can compare it with what it holds. */
export const queryText = (max: number) =>
  z.string().max(max).refine(isStorable, { error: 'must not hold NUL characters or unpaired surrogates' });

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `expected a whole number from ${from} to ${to}`)
    .transform(Number)
    .refine((value) => value >= from && value <= to, `expected a whole number from ${from} to ${to}`);

/** A whole number in a query, documented as the integer it is. */
export const queryInteger = (from: number, to: number) =>
  wholeNumber(from, to).meta({ parameterSchema: { type: 'integer', minimum: from, maximum: to } });

/** A moment in a query or body, ISO 8601. What is finer than a millisecond is cut off. */
export const time = () =>
  z.iso
    .datetime({
      offset: true,
      error: 'expected an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z',
    })
    .transform((text) => new Date(text))
    .refine(isStorableTime, 'expected a time in the years 1 to 9999');

export const Limit = wholeNumber(1, MAX_LIMIT)
  .default(50)
  .meta({
    description: 'How many at most.',
    parameterSchema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: 50 },
  });

/** The paging every list has: what SDKs call `ArrayPage`. */
export const pageParams = {
  before: queryText(LIMITS.identifierKey)
    .optional()
    .meta({ description: 'An id: the page that ends right before it.' }),
  after: queryText(LIMITS.identifierKey).optional().meta({
    description: 'An id: the page that starts right after it. Still works when that one was deleted.',
  }),
  limit: Limit,
  order: z.enum(['asc', 'desc']).default('desc').meta({ description: '`desc`: newest first.' }),
  order_by: z.literal('created_at').default('created_at'),
};

const BRACKETS = /^(\w+)\[(.*)\]$/s;

/**
 * A query as shapes take it: an empty value counts as absent (clients send `null` that way), and `property[plan]=pro`
 * is collected under `property` as pairs. Pairs, since a key may be any text, also `__proto__`.
 */
export function tidyQuery(raw: unknown): Record<string, unknown> {
  const tidy: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(raw as Record<string, string | string[]>)) {
    if (value === '') continue;
    const [, group, key] = BRACKETS.exec(name) ?? [];
    if (group === undefined || key === undefined) tidy[name] = value;
    else pairs(tidy, group).push([key, value]);
  }
  return tidy;
}

/** What is collected under a name; a plain value of the same name gives way. */
function pairs(tidy: Record<string, unknown>, group: string): unknown[] {
  const found = tidy[group];
  if (Array.isArray(found) && found.every(Array.isArray)) return found;
  const fresh: unknown[] = [];
  tidy[group] = fresh;
  return fresh;
}
