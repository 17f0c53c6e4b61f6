/**
 * Suites by what they need, as jest's projects. `seconds` is what the suites of a group may take of all workers together
 * in `npm test`, on two cores that nothing else wants. Three workers share them, and one has what is alone: 18 minutes are
 * some 3,000 s.
 */
export const GROUPS = {
  pure: { files: ['**/*.spec.ts'], seconds: 200 },
  services: { files: ['<rootDir>/{apps,libs,test/crm,test/support}/**/*.int-spec.ts'], seconds: 950 },
  e2e: { files: ['**/*.e2e-spec.ts'], seconds: 750 },
  faults: { files: ['<rootDir>/test/faults/**/*.int-spec.ts'], seconds: 950 },
  /** What judges time has the machine to itself: it runs when the others are through. */
  alone: { files: ['**/*.alone-spec.ts'], seconds: 90 },
};

/** Half an hour of faults, when asked for. */
export const SOAK = { soak: { files: ['**/*.soak-spec.ts'] } };
