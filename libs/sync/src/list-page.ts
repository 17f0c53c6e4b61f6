import type { Prisma } from '#platform';

/** A page of a list that is read newest first. */
export interface ListPage {
  readonly limit: number;
  /** The id that the page starts behind. */
  readonly after?: string | undefined;
}

/** The part of a query's `where` that begins behind the page before. */
export const before = ({ after }: ListPage) => (after === undefined ? {} : { id: { lt: after } });

export const newestFirst = ({ limit }: ListPage) => ({
  orderBy: { id: 'desc' as Prisma.SortOrder },
  take: limit,
});
