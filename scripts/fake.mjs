// Starts a vendor's fake to try things by hand, and says how to connect it:
//   npm run build && npm run fake -- hubspot [--contacts 3000] [--companies 800] [--port 8390]
import { parseArgs } from 'node:util';
import { startHubSpotFake } from '../dist/libs/connectors/src/testing/index.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8390' },
    'admin-port': { type: 'string', default: '8391' },
    contacts: { type: 'string', default: '3000' },
    companies: { type: 'string', default: '800' },
  },
});
const fakes = { hubspot: startFakeHubSpot };
const start = fakes[positionals[0]];
if (!start) {
  console.error(
    `Usage: npm run fake -- ${Object.keys(fakes).join('|')}   (see the head of scripts/fake.mjs)`,
  );
  process.exit(2);
}
await start();

async function startFakeHubSpot() {
  const fake = await startHubSpotFake({
    port: Number(values.port),
    adminPort: Number(values['admin-port']),
    seed: { contacts: Number(values.contacts), companies: Number(values.companies) },
  });
  process.once('SIGINT', () => fake.close().then(() => process.exit(0)));
  process.once('SIGTERM', () => fake.close().then(() => process.exit(0)));
  console.log(`HubSpot's fake is running: ${values.contacts} contacts, ${values.companies} companies
  API            ${fake.url}
  Admin          ${fake.adminUrl}   (GET / lists what it can do)
  Portal id      ${fake.portalId}
  Token          ${fake.token}
  Client secret  ${fake.clientSecret}

Start Rollcall with ROLLCALL_ALLOW_PRIVATE_NETWORK=true, set ROLLCALL_API_KEY, and connect it:

  npm run rollcall -- connections add hubspot --setting base_url=${fake.url} \\
    --token ${fake.token} --client-secret ${fake.clientSecret}

Then give the fake the webhook URL that this prints, and change somebody:

  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL"}'
  curl -X PATCH ${fake.adminUrl}/contacts/1500 -d '{"properties": {"jobtitle": "Captain"}}'
`);
}
