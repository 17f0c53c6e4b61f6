import { z } from 'zod';
import type { HttpAnswer } from '../ground/http/http-client.js';
import { InvalidResponse } from '../port/connector.errors.js';
import type { ManifestList } from './manifest.schema.js';
import { type Scope, valueAt } from './template.js';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Which page comes next, as it is stored; the first page is the empty one. */
export const pageSchema = z.strictObject({
  token: scalar.optional(),
  offset: z.int().min(0).optional(),
  number: z.int().min(0).optional(),
  after: z.record(z.string(), scalar).optional(),
});
export type PagePosition = z.output<typeof pageSchema>;

/** What the templates of a request see as `page`. */
export function pageScope({ paginate }: ManifestList, page: PagePosition): Scope {
  const start = paginate.type === 'page' ? paginate.start : undefined;
  const after = page.after ?? (paginate.type === 'keyset' ? paginate.start : undefined);
  return {
    ...(paginate.type === 'none' ? {} : { size: paginate.size }),
    offset: page.offset ?? 0,
    ...((page.number ?? start) === undefined ? {} : { number: page.number ?? start }),
    ...(page.token === undefined ? {} : { token: page.token }),
    ...(after === undefined ? {} : { after: nested(after) }),
  };
}

/** Null behind the last page. @throws InvalidResponse when the vendor promises more and stays where it was */
export function nextPage(
  { paginate, total }: ManifestList,
  page: PagePosition,
  answer: Pick<HttpAnswer, 'json' | 'headers'>,
  items: readonly unknown[],
): PagePosition | null {
  switch (paginate.type) {
    case 'none':
      return null;
    case 'token':
    case 'link': {
      const token = scalar.safeParse(valueAt(answer.json, paginate.next)).data;
      if (token === undefined || token === '' || token === false) return null;
      if (token === page.token) throw stuck();
      return { token };
    }
    case 'offset': {
      const offset = (page.offset ?? 0) + items.length;
      const all = valueAt(answer.json, paginate.total ?? total ?? '');
      const more = typeof all === 'number' && all >= 0 ? offset < all : items.length >= paginate.size;
      return more && items.length > 0 ? { offset } : null;
    }
    case 'page':
      return items.length < paginate.size ? null : { number: (page.number ?? paginate.start) + 1 };
    case 'keyset': {
      if (items.length < paginate.size) return null;
      const after = keyOf(paginate.fields, items);
      if (after === null || JSON.stringify(after) === JSON.stringify(page.after)) throw stuck();
      return { after };
    }
  }
}

/** The last record that has every field of the key: a spoiled one at the end must not end the listing. */
function keyOf(fields: readonly string[], items: readonly unknown[]): PagePosition['after'] | null {
  for (const item of [...items].reverse()) {
    const values = fields.map((field) => scalar.safeParse(valueAt(item, field)).data);
    if (values.every((value) => value !== undefined && value !== ''))
      return Object.fromEntries(fields.map((field, index) => [field, values[index] as string]));
  }
  return null;
}

/** Without prototypes: a manifest's path may begin with the name of one. */
function nested(after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const scope: Record<string, unknown> = Object.create(null);
  for (const [path, value] of Object.entries(after)) {
    const names = path.split('.');
    const last = names.pop() ?? path;
    let at = scope;
    for (const name of names) {
      at[name] ??= Object.create(null);
      at = at[name] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return scope;
}

function stuck(): InvalidResponse {
  return new InvalidResponse('The listing promised more but did not advance');
}
