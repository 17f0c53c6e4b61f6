/** Work that is made of many items, each of which could be the one that takes the whole process down. */
export interface DividedWork<Item> {
  /** The same at every run of a job, and of no other work of that job. */
  readonly name: string;
  readonly items: readonly Item[];
  /** The same at every run, and of no other item. */
  readonly idOf: (item: Item) => string;
  readonly apply: (portion: Portion<Item>) => Promise<void>;
  /** Errors after which nobody knows whether a trial could have been done: somebody else was away. */
  readonly saysNothing?: (error: unknown) => boolean;
}

export interface Portion<Item> {
  readonly items: readonly Item[];
  /** Only whether it can be done is asked: do all of it, and then roll it back. */
  readonly isTrial: boolean;
  /** Not to be touched but to be set aside where a person finds them; together with `items` these are all of the work. */
  readonly poisoned: readonly Poisoned<Item>[];
}

export interface Poisoned<Item> {
  readonly item: Item;
  /** Holds nothing of the item. */
  readonly reason: string;
}

/** Does divided work: all at once as a rule, in portions where it is suspected of having ended its process. */
export type Isolate = <Item>(work: DividedWork<Item>) => Promise<void>;

/** As everybody works who is under no suspicion. */
export const allTogether: Isolate = ({ items, apply }) => apply({ items, isTrial: false, poisoned: [] });
