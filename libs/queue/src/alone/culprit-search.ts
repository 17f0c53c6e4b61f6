/** What to do next of some divided work, by the ids of its items. */
export interface Order {
  /** Null: all that are not poisoned. */
  readonly ids: readonly string[] | null;
  readonly isTrial: boolean;
  readonly poisoned: readonly { readonly id: string; readonly reason: string }[];
}

/** How often something has to take a process down, alone, before it counts as the cause. */
export const STRIKES = 2;

/** So many items of one job are set aside by themselves; with one more the job itself is what is wrong. */
export const MOST_POISONED = 20;

/**
 * Finds out which items of a job end the process that handles them. What was under way when one ended is halved until
 * an item stands alone; halves are only tried, and all that is left is done at once in the end. So nothing has to be
 * remembered of what was done already. Pure: it is told what happened, and says what to do next.
 */
export class CulpritSearch {
  private readonly hunts = new Map<string, Hunt>();
  private current: Current | null = null;
  /** Deaths that no item can be blamed for. */
  private strikes = 0;

  /** The work comes to this: what is to be done of it now. Whatever was ordered before has been done. */
  order(work: string, ids: readonly string[]): Order {
    this.passed();
    const hunt = this.hunts.get(work) ?? {
      suspects: [],
      alone: new Map(),
      poisoned: new Map(),
      fruitless: 0,
    };
    this.hunts.set(work, hunt);
    const suspects = nextSuspects(hunt, ids);
    const all = ids.filter((id) => !hunt.poisoned.has(id));
    this.current = { work, ids: suspects ?? all, isTrial: suspects !== undefined };
    const poisoned = [...hunt.poisoned].map(([id, reason]) => ({ id, reason }));
    return suspects
      ? { ids: suspects, isTrial: true, poisoned: [] }
      : { ids: null, isTrial: false, poisoned };
  }

  /** The process ended by itself. @returns why the job as a whole is to be set aside, if it is */
  died(how: string): string | undefined {
    const { current } = this;
    this.current = null;
    const hunt = current ? this.hunts.get(current.work) : undefined;
    if (!current || !hunt || current.ids.length === 0) return this.strike(how);
    if (current.ids.length === 1) return accuse(hunt, current.ids[0] as string, how);
    if (!current.isTrial && ++hunt.fruitless >= STRIKES) return told(how);
    hunt.suspects.push(...halves(current.ids));
    return undefined;
  }

  /** Work that was done is no longer suspected: what comes by its name then is other work. */
  private passed(): void {
    if (this.current && !this.current.isTrial) this.hunts.delete(this.current.work);
    this.current = null;
  }

  private strike(how: string): string | undefined {
    this.strikes += 1;
    return this.strikes >= STRIKES ? told(how) : undefined;
  }
}

interface Hunt {
  /** Portions that ended a process, halved, to be tried. */
  readonly suspects: (readonly string[])[];
  readonly alone: Map<string, number>;
  readonly poisoned: Map<string, string>;
  /** Deaths of all together since the last culprit was found. */
  fruitless: number;
}

interface Current {
  readonly work: string;
  readonly ids: readonly string[];
  readonly isTrial: boolean;
}

/** Records and deliveries may be other ones by now. */
function nextSuspects({ suspects, poisoned }: Hunt, ids: readonly string[]): readonly string[] | undefined {
  const there = new Set(ids);
  for (let portion = suspects.pop(); portion; portion = suspects.pop()) {
    const left = portion.filter((id) => there.has(id) && !poisoned.has(id));
    if (left.length > 0) return left;
  }
  return undefined;
}

function accuse(hunt: Hunt, id: string, how: string): string | undefined {
  const times = (hunt.alone.get(id) ?? 0) + 1;
  hunt.alone.set(id, times);
  if (times < STRIKES) {
    hunt.suspects.push([id]);
    return undefined;
  }
  hunt.poisoned.set(id, told(how));
  hunt.fruitless = 0;
  return hunt.poisoned.size > MOST_POISONED
    ? `More than ${MOST_POISONED} of its items each took down the process that handled it alone`
    : undefined;
}

const told = (how: string): string => `The process that handled it alone ${how}, ${STRIKES} times`;

function halves(ids: readonly string[]): (readonly string[])[] {
  const half = Math.ceil(ids.length / 2);
  // The first half is tried first: it is taken from the end.
  return [ids.slice(half), ids.slice(0, half)];
}
