// Starts a vendor's fake to try things by hand, and says how to connect it:
//   npm run build && npm run fake -- hubspot [--records 3000] [--port 8390] [--admin-port 8391]
import { parseArgs } from 'node:util';
import { loadFakes } from '../dist/libs/connectors/src/testing/index.js';
import { guardOutputs, outliveReaders } from '../dist/libs/platform/src/logging/outputs.js';

guardOutputs();

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8390' },
    'admin-port': { type: 'string', default: '8391' },
    records: { type: 'string', default: '3000' },
  },
});
const fakes = await loadFakes();
const starter = fakes.get(positionals[0])?.starter;
if (!starter) {
  const names = [...fakes.keys()].join('|');
  console.error(`Usage: npm run fake -- ${names}   (see the head of scripts/fake.mjs)`);
  process.exit(2);
}

outliveReaders(); // From here on it serves, whoever reads what it says.
const fake = await starter.start({
  port: Number(values.port),
  adminPort: Number(values['admin-port']),
  records: Number(values.records),
});
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => fake.close().then(() => process.exit(0)));
console.log(`The ${positionals[0]} fake is running:
  API            ${fake.url}
  Admin          ${fake.adminUrl}   (GET / lists what it can do)

Start Rollcall with ROLLCALL_ALLOW_PRIVATE_NETWORK=true, and set ROLLCALL_API_KEY.

${fake.lines.join('\n')}
`);
