/**
 * Suites by what they need, as jest's projects. `seconds` is what the suites of a group may take of all workers together
 * in `npm test`, on two cores that nothing else wants: three workers share them, and 2,900 s in all are some 17 minutes.
 */
export const GROUPS = {
  pure: { files: ['**/*.spec.ts'], seconds: 100 },
  services: { files: ['<rootDir>/{apps,libs,test/crm,test/support}/**/*.int-spec.ts'], seconds: 700 },
  e2e: { files: ['**/*.e2e-spec.ts'], seconds: 1_000 },
  faults: { files: ['<rootDir>/test/faults/**/*.int-spec.ts'], seconds: 1_000 },
  /** What judges time has the machine to itself: it runs when the others are through. */
  alone: { files: ['**/*.alone-spec.ts'], seconds: 100 },
};

/** Half an hour of faults, when asked for. */
export const SOAK = { soak: { files: ['**/*.soak-spec.ts'] } };
