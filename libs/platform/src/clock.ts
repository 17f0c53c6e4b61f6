/** Where the current time comes from, so that rules and tests are handed one. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
