import { GROUPS, SOAK } from './test/support/groups.mjs';
import { startAgainWithFlags } from './test/support/node-flags.mjs';

startAgainWithFlags();

const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
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

/** Pure specs start at once: of what is built, only expressions need something, and build it when it is stale. */
const pure = {
  ...shared,
  moduleNameMapper: {
    '^\\./child-program\\.js$': '<rootDir>/test/support/built-child-program.ts',
    ...shared.moduleNameMapper,
  },
};

/** All others run what is built, on services. */
const onServices = {
  ...shared,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

const groups = Object.entries({ ...GROUPS, ...(process.env.ROLLCALL_TEST_SOAK && SOAK) });

export default {
  projects: groups.map(([displayName, { files }]) => ({
    ...(displayName === 'pure' ? pure : onServices),
    displayName,
    testMatch: files,
  })),
  testTimeout: 90_000,
  // On two cores: suites wait for half of their time, for processes that start and for faults that last.
  maxWorkers: 3,
  // Of a worker that has run a hundred suites on a busy machine; what still lives then, a suite has left there.
  workerGracefulExitTimeout: 10_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.mjs'],
};
