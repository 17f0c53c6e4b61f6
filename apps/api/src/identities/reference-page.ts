import { CursorNotFoundError } from '#identity';

export interface ReferencePage {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export interface References {
  /** `Agent` or `Block`, for messages. */
  readonly kind: string;
  /** In the order they were attached. */
  readonly attached: readonly string[];
  /** Those and the ones detached since, so that a cursor outlives its reference. */
  readonly everAttached: () => Promise<readonly string[]>;
}

/** Looked up at one time, so that one request cannot flood the server that owns them. */
const AT_ONCE = 8;

/**
 * The objects behind a page of references, paged as identities are. A reference whose object is gone is passed over,
 * and the page filled with the next ones: a client stops at the first empty page.
 * @throws CursorNotFoundError for an id that was never attached.
 */
export async function pageOfReferences<T>(
  references: References,
  page: ReferencePage,
  find: (id: string) => Promise<T | undefined>,
): Promise<T[]> {
  const backwards = page.before !== undefined && page.after === undefined;
  const window = await windowOf(references, page);
  const waiting = backwards ? window.reverse() : window;
  const found: T[] = [];
  while (found.length < page.limit && waiting.length > 0) {
    const batch = waiting.splice(0, Math.min(AT_ONCE, page.limit - found.length));
    found.push(...(await Promise.all(batch.map(find))).filter((object) => object !== undefined));
  }
  return backwards ? found.reverse() : found;
}

/** The attached ids between the cursors, in the order asked for. */
async function windowOf(references: References, { before, after, order }: ReferencePage): Promise<string[]> {
  const { attached, kind } = references;
  const still = new Set(attached);
  const known = [before, after].every((cursor) => cursor === undefined || still.has(cursor));
  const all = known ? [...attached] : [...(await references.everAttached())];
  if (order === 'desc') all.reverse();
  const start = after === undefined ? 0 : placeOf(after, all, kind) + 1;
  const end = before === undefined ? all.length : placeOf(before, all, kind);
  return all.slice(start, Math.max(start, end)).filter((id) => still.has(id));
}

function placeOf(cursor: string, ids: readonly string[], kind: string): number {
  const place = ids.indexOf(cursor);
  if (place < 0) throw new CursorNotFoundError(cursor, kind);
  return place;
}
