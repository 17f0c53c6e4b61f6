/** One vendor as its guide tells to connect it, and its fake as the account that is connected (test/e2e/vendors). */
export type Journey = () => Promise<JourneyFake>;

export interface JourneyFake {
  /** What stands in the command of the guide, and what a person puts in its place. */
  readonly fill: Readonly<Record<string, string>>;
  /** What the guide leaves to a default that would be the vendor itself. */
  readonly settings: readonly string[];
  /** Environment variables that the command of the guide reads without naming their value. */
  readonly env?: Readonly<Record<string, string>>;
  /** The files that the command names, and what is in them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly account: string;
  /** Every record there is, by its id. */
  ids(): string[];
  /** Renames one person. @returns its id */
  rename(name: string): string;
  /** The ways in which a record goes while no webhook is told. */
  readonly losses: readonly Loss[];
  close(): Promise<void>;
}

export interface Loss {
  readonly how: string;
  /** The run after which the guide promises that the identity is gone. */
  readonly seenBy: 'incremental' | 'sweep' | 'full';
  /** @returns the id of the record that is gone */
  lose(): string;
}

export const PEOPLE = 100;
export const COMPANIES = 20;

export const idsOf = (records: readonly { readonly id: string | number }[]): string[] =>
  records.map(({ id }) => String(id)).sort();

export function renamed<Id extends string | number>(
  records: readonly { readonly id: Id }[],
  rename: (id: Id) => unknown,
): string {
  const [first] = records;
  if (!first) throw new Error('There is nobody to rename');
  rename(first.id);
  return String(first.id);
}

/** Loses the last of them, if need be to the one before it. */
export function loss<Item extends { readonly id: string | number }>(
  how: string,
  seenBy: Loss['seenBy'],
  listed: () => readonly Item[],
  lose: (item: Item, winner: Item) => unknown,
): Loss {
  return {
    how,
    seenBy,
    lose() {
      const [winner, item] = listed().slice(-2);
      if (!winner || !item) throw new Error('There are not two of them');
      lose(item, winner);
      return String(item.id);
    },
  };
}
