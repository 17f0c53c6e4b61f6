const unitOnly = process.env.ROLLCALL_TEST_UNIT === '1';
const pure = ['**/*.spec.ts'];
const onServices = ['**/*.int-spec.ts', '**/*.e2e-spec.ts'];
/** What judges time has the machine to itself: scripts/test.mjs runs it when the others are through. */
const alone = ['**/*.alone-spec.ts'];
const ofKind = { soak: ['**/*.soak-spec.ts'], alone };
const testMatch = ofKind[process.env.ROLLCALL_TEST_KIND] ?? [...pure, ...onServices];

/** Jest as ESM: `NODE_OPTIONS=--experimental-vm-modules`, set by scripts/test.mjs. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: unitOnly ? pure : testMatch,
  testTimeout: 90_000,
  // On two cores: suites wait for half of their time, for processes that start and for faults that last.
  maxWorkers: process.env.ROLLCALL_TEST_KIND === 'alone' ? 1 : 3,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.mjs'],
  ...(unitOnly
    ? {}
    : {
        globalSetup: '<rootDir>/test/support/global-setup.mjs',
        globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
      }),
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
  moduleNameMapper: {
    '^#prisma$': '<rootDir>/prisma/generated/client.ts',
    '^#([a-z-]+)/([a-z/-]+)$': '<rootDir>/libs/$1/src/$2/index.ts',
    '^#([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
