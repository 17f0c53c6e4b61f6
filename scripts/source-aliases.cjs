// Where dependency-cruiser finds the sources behind the imports of package.json, which name dist/.
const path = require('node:path');
const { readdirSync } = require('node:fs');

const root = path.dirname(__dirname);
const source = (...parts) => path.join(root, ...parts);
const aliases = readdirSync(source('libs')).flatMap((lib) => [
  [`#${lib}/testing$`, source('libs', lib, 'src/testing/index.ts')],
  [`#${lib}$`, source('libs', lib, 'src/index.ts')],
]);

// The connectors' doors behind the first: #connectors/ground, #connectors/testing/contract, #connectors/hubspot/fake.
aliases.push(['#connectors', source('libs/connectors/src')]);

module.exports = {
  resolve: { alias: { ...Object.fromEntries(aliases), '#prisma$': source('prisma/generated/client.ts') } },
};
