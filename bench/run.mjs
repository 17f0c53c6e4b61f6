// `npm run bench`: how much of what PostgreSQL and Node can do the service keeps. Prints ratios, each of numbers taken
// side by side in this run; see docs/performance.md. Needs a build (`npm run build`).
import { guardOutputs } from '#platform';
import { benchAppend } from './append/append.bench.mjs';
import { withServer } from './database/server.mjs';
import { benchExpressions } from './expressions/expressions.bench.mjs';
import { benchHistory } from './history/history.bench.mjs';
import { benchHttp } from './http/http.bench.mjs';
import { benchImport } from './import/import.bench.mjs';
import { onEveryEnd } from './measure/clean-up.mjs';
import { noteMissingPgbench } from './measure/pgbench.mjs';
import { printTable } from './measure/table.mjs';
import { readOptions } from './options.mjs';
import { benchPaging } from './paging/paging.bench.mjs';
import { benchSync } from './sync/sync.bench.mjs';
import { benchWebhooks } from './webhooks/webhooks.bench.mjs';

guardOutputs();

const sections = {
  http: benchHttp,
  append: benchAppend,
  import: benchImport,
  history: benchHistory,
  paging: benchPaging,
  expressions: benchExpressions,
  sync: benchSync,
  webhooks: benchWebhooks,
};

const options = readOptions(process.argv.slice(2), Object.keys(sections));
if (!options.usage) await main();
else console.log(options.usage);

async function main() {
  await noteMissingPgbench();
  await onEveryEnd(() =>
    withServer(async (server) => {
      const rows = [];
      for (const name of options.only) {
        const found = await sections[name](server, options);
        printTable(name, found);
        rows.push(...found);
      }
      if (options.only.length > 1) printTable('all', rows);
      const missed = rows.filter(({ aim, ratio }) => aim !== undefined && ratio.median < aim);
      console.log(missed.length === 0 ? '\nEvery aim was met.' : `\n${missed.length} aim(s) missed.`);
    }),
  );
}
