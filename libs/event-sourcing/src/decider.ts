import type { Event } from './event.js';

/** How a kind of stream folds: where it starts and what each event does. Pure. */
export interface Decider<State, E extends Event> {
  readonly initial: State;
  readonly evolve: (state: State, event: E) => State;
  /** The same for many events: a folding owns what it copies, so that none of them pays for all that the state holds. */
  readonly folding?: (from: State) => Folding<State, E>;
}

/** A state while events happen to it. A state that it was made from or has handed out never changes. */
export interface Folding<State, E extends Event> {
  take(event: E): void;
  /** The state now. */
  state(): State;
}

/**
 * A rule with its input filled in: what happens, given the state. No events means nothing to say, which is what
 * makes a second delivery harmless. Throws when a rule is broken.
 */
export type Decision<State, E extends Event> = (state: State) => readonly E[];

/** The state after these events. */
export const fold = <State, E extends Event>(
  decider: Decider<State, E>,
  events: Iterable<E>,
  from: State = decider.initial,
): State => {
  const folding = foldingOf(decider, from);
  for (const event of events) folding.take(event);
  return folding.state();
};

/** The decider's own folding, or one `evolve` after the other. */
export function foldingOf<State, E extends Event>(
  decider: Decider<State, E>,
  from: State = decider.initial,
): Folding<State, E> {
  if (decider.folding) return decider.folding(from);
  let state = from;
  return {
    take: (event) => {
      state = decider.evolve(state, event);
    },
    state: () => state,
  };
}

/** `evolve` of a kind of stream that has a folding: one event of it. */
export const evolveBy =
  <State, E extends Event>(folding: (from: State) => Folding<State, E>) =>
  (state: State, event: E): State => {
    const one = folding(state);
    one.take(event);
    return one.state();
  };
