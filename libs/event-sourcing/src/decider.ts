import type { Event } from './event.js';

/** How a kind of stream folds: where it starts and what each event does. Pure. */
export interface Decider<State, E extends Event> {
  readonly initial: State;
  readonly evolve: (state: State, event: E) => State;
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
  let state = from;
  for (const event of events) state = decider.evolve(state, event);
  return state;
};
