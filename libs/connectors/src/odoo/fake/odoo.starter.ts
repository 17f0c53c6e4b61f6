import type { FakeStarter } from '../../testing/fake-starter.js';
import { startOdooFake } from './odoo-fake.js';

export const odooStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { people: records, companies: Math.ceil(records / 4) };
    const fake = await startOdooFake({ ...ports, seed });
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { baseUrl: fake.url },
      secrets: { accessToken: fake.token, webhookSecret: SECRET },
      close: fake.close,
      lines: [
        `${seed.people} people, ${seed.companies} companies`,
        `Database       ${fake.database.name}`,
        `Login          ${fake.database.login}`,
        `API key        ${fake.token}`,
        '',
        'Connect it, with a secret for its webhooks:',
        '',
        `  ODOO_TOKEN=${fake.token} ODOO_WEBHOOK_SECRET=${SECRET} \\`,
        `    npm run rollcall -- connections add odoo --setting base_url=${fake.url}`,
        '',
        'Then give the fake the webhook URL that this prints, with the secret behind it, and change somebody:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL/${SECRET}"}'`,
        `  curl -X PATCH ${fake.adminUrl}/partners/${records} -d '{"function": "Captain"}'`,
      ],
    };
  },
};

const SECRET = 'a-secret-of-the-webhook-path';
