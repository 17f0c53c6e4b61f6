/** Where the current time comes from, so that rules and tests are handed one. */
export interface Clock {
  now(): Date;
}

/**
 * Milliseconds since some beginning, for durations and for how fresh something is: they go on evenly when somebody sets
 * the wall clock. They mean nothing to another process: a moment that is stored is the database's.
 */
export interface MonotonicClock {
  monotonic(): number;
}

export const systemClock: Clock & MonotonicClock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};
