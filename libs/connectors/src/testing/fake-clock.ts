/** A vendor's clock: it stands still at `startAt` until it is advanced, or else runs with real time. */
export interface FakeClock {
  now(): number;
  advance(ms: number): void;
  readonly manual: boolean;
}

export function fakeClock(startAt?: Date): FakeClock {
  let offset = 0;
  const base = startAt?.getTime();
  return {
    manual: base !== undefined,
    now: () => (base ?? Date.now()) + offset,
    advance: (ms) => {
      offset += ms;
    },
  };
}
