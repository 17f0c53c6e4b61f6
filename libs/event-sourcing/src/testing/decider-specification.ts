import { expect } from '@jest/globals';
import { type Decider, type Decision, fold } from '../decider.js';
import type { Event } from '../event.js';

type ErrorClass = abstract new (...args: never[]) => Error;

/** Sentences about a decider's rules: given what happened, when this is asked, then that happens. */
export const DeciderSpecification = {
  for: <State, E extends Event>(decider: Decider<State, E>) => ({
    given: (...history: readonly E[]) => ({
      when: (decision: Decision<State, E>) => ({
        // biome-ignore lint/suspicious/noThenProperty: given, when, then is how a rule reads; nobody awaits it
        then: (...events: readonly E[]) => expect(decision(fold(decider, history))).toStrictEqual(events),
        thenNothing: () => expect(decision(fold(decider, history))).toStrictEqual([]),
        thenThrows: (error: ErrorClass) => expect(() => decision(fold(decider, history))).toThrow(error),
      }),
    }),
  }),
};
