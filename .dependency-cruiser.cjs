const { existsSync } = require('node:fs');
const path = require('node:path');

/**
 * Who may import whom. Imports flow one way:
 * apps → sync → connectors → identity → event-sourcing → platform, apps → imports → identity,
 * connectors, imports → mapping → platform, and apps, sync, imports → queue → platform.
 */
const mayImport = {
  platform: [],
  'event-sourcing': ['platform'],
  queue: ['platform'],
  identity: ['event-sourcing', 'platform'],
  mapping: ['platform'],
  connectors: ['identity', 'event-sourcing', 'mapping', 'platform'],
  imports: ['identity', 'event-sourcing', 'mapping', 'queue', 'platform'],
  sync: ['connectors', 'identity', 'event-sourcing', 'mapping', 'queue', 'platform'],
};

/**
 * Inside a lib, too, imports run downwards only. The floors of its src, the lowest first: folders, and files without
 * their ending. What stands on one floor does not see each other; what is not named is the roof, which sees everything
 * and which nobody sees.
 */
const floors = {
  platform: [
    ['clock', 'uuid', 'event-loop', 'project-root', 'secret-box', 'logging'],
    ['map-in-turns', 'package-version', 'outside', 'config'],
    ['database'],
    ['migrations', 'api-keys', 'embedded-postgres'],
  ],
  'event-sourcing': [
    ['event', 'precondition'],
    ['errors'],
    ['decider', 'event-catalog', 'event-store'],
    ['transactor', 'in-memory', 'postgres'],
  ],
  queue: [
    ['queue.errors', 'job-definition', 'job-key', 'isolate', 'call-limits'],
    ['verdict', 'backends'],
    ['queues'],
    ['dead-letters'],
    ['job-context'],
    ['job-registry'],
    ['alone'],
  ],
  identity: [
    ['identity.state', 'identity.errors'],
    ['identity.events'],
    ['identity.access', 'identity.folding', 'identity.provenance', 'ever-attached'],
    ['identity.decider'],
    ['identity.wire'],
    ['identity.view'],
    ['projections'],
    ['commands', 'queries'],
  ],
  mapping: [
    ['expression.errors', 'expression-bounds', 'rough-size', 'protocol'],
    ['direct', 'processes'],
    ['child'],
  ],
  connectors: [['mapping'], ['port'], ['ground'], ['testing']],
  imports: [['reading'], ['mapping'], ['import'], ['chunks'], ['receiving']],
  sync: [
    ['sync.jobs', 'list-page', 'budgets'],
    ['connections'],
    ['links'],
    ['records'],
    ['conflicts', 'outcomes', 'quarantine', 'preview'],
    ['applying'],
    ['runs'],
    ['resolutions', 'webhooks'],
  ],
};

const specs = '\\.(spec|int-spec|e2e-spec|alone-spec)\\.ts$';

const direction = Object.entries(mayImport).map(([lib, others]) => ({
  name: `${lib}-imports-downwards`,
  comment: `libs/${lib} may import ${others.map((other) => `#${other}`).join(', ') || 'no other lib'}.`,
  severity: 'error',
  from: { path: `^libs/${lib}/` },
  to: { path: '^(libs|apps)/', pathNot: `^libs/(${[lib, ...others].join('|')})/` },
}));

const exists = (lib, room) =>
  [room, `${room}.ts`].some((name) => existsSync(path.join(__dirname, 'libs', lib, 'src', name)));

const inside = Object.entries(floors).flatMap(([lib, storeys]) => {
  const place = (room) => `^libs/${lib}/src/${room.replaceAll('.', '\\.')}(/|\\.ts$)`;
  return storeys.flatMap((rooms, storey) => {
    const below = storeys.slice(0, storey).flat();
    for (const room of rooms)
      if (!exists(lib, room)) throw new Error(`floors: there is no ${room} in libs/${lib}/src`);
    return rooms.map((room) => ({
      name: `${lib}-${room}-looks-down`,
      comment: `In libs/${lib}, ${room} may import ${below.join(', ') || 'nothing else'}.`,
      severity: 'error',
      from: { path: place(room), pathNot: specs },
      to: { path: `^libs/${lib}/src/`, pathNot: [room, ...below].map(place) },
    }));
  });
});

const onTheFloors = `^libs/connectors/src/(${floors.connectors.flat().join('|')})/`;

const connectors = [
  {
    name: 'connectors-apart',
    comment: 'A connector stands on the floors and knows no other; what two of them need moves down.',
    severity: 'error',
    from: { path: '^libs/connectors/src/([^/]+)/', pathNot: [onTheFloors, specs] },
    to: { path: '^libs/connectors/src/', pathNot: ['^libs/connectors/src/$1/', onTheFloors] },
  },
  {
    name: 'connectors-without-fakes',
    comment: 'Fakes are not in what is shipped: testing/fakes.ts finds them by their folder.',
    severity: 'error',
    from: { path: '^(libs|apps)/', pathNot: [specs, '/testing/', '/fake/'] },
    to: { path: '^libs/connectors/src/[^/]+/fake/' },
  },
];

module.exports = {
  forbidden: [
    ...direction,
    ...inside,
    ...connectors,
    {
      name: 'libs-through-their-door',
      comment: 'Another lib is imported as #lib or #lib/testing: by its index.ts or its testing/index.ts.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/', pathNot: specs },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/(testing/)?index\\.ts$'] },
    },
    {
      name: 'production-without-test-code',
      comment: 'Fakes and given/when/then are for specs and for other testing folders.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [specs, '/testing/', '/fake/', '[.-]contract\\.ts$'] },
      to: { path: ['^libs/[^/]+/src/testing/', '^test/', specs] },
    },
    {
      name: 'apps-apart',
      comment: 'One app does not reach into another.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/cli/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'rules-are-pure',
      comment: 'Events, state, foldings and deciders import no framework, database, queue or node module.',
      severity: 'error',
      from: { path: '\\.(events|state|decider|folding)\\.ts$' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
      },
    },
    {
      name: 'rules-know-no-infrastructure',
      comment: 'Events, state, foldings and deciders see the event-sourcing types and each other.',
      severity: 'error',
      from: { path: '\\.(events|state|decider|folding)\\.ts$' },
      to: { path: '^(libs/(platform|queue)|prisma|apps)/' },
    },
    {
      name: 'event-sourcing-knows-no-domain',
      comment: 'Only platform holds the Prisma client of the identity tables.',
      severity: 'error',
      from: { path: '^libs/event-sourcing/', pathNot: specs },
      to: { path: '^prisma/' },
    },
    {
      name: 'connections-in-one-place',
      comment:
        'Connections are made and held in libs/platform/src/database alone: holdClient, inTransaction, withConnection.',
      severity: 'error',
      from: {
        path: '^(libs|apps|bench|scripts)/',
        pathNot: [
          '^libs/platform/src/database/',
          '^libs/platform/src/migrations/engine-adapter\\.ts$',
          specs,
        ],
      },
      to: { path: 'node_modules/(@types/)?(pg|pg-pool)/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // package.json maps #lib to dist/; rules look at the sources.
    webpackConfig: { fileName: 'scripts/source-aliases.cjs' },
    doNotFollow: { path: ['node_modules', '^prisma/generated', '^dist'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      mainFields: ['main', 'types', 'typings'],
    },
  },
};
