import type { FakeStarter } from '../../testing/fake-starter.js';
import { startPipedriveFake } from './pipedrive-fake.js';

export const pipedriveStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { persons: records, organizations: Math.ceil(records / 4) };
    const fake = await startPipedriveFake({ ...ports, seed });
    const [person] = fake.company.persons.visible();
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { baseUrl: fake.url },
      secrets: { accessToken: fake.token, webhookPassword: PASSWORD },
      close: fake.close,
      lines: [
        `${seed.persons} persons, ${seed.organizations} organizations`,
        `Company id     ${fake.companyId}`,
        `Token          ${fake.token}`,
        '',
        'Connect it, with a password for its webhooks:',
        '',
        `  PIPEDRIVE_TOKEN=${fake.token} PIPEDRIVE_WEBHOOK_PASSWORD=${PASSWORD} \\`,
        `    npm run rollcall -- connections add pipedrive --setting base_url=${fake.url}`,
        '',
        'Then give the fake the webhook URL that this prints, and change somebody:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL", "user": "rollcall", "password": "${PASSWORD}"}'`,
        `  curl -X PATCH ${fake.adminUrl}/persons/${person?.id ?? 'ID'} -d '{"job_title": "Captain"}'`,
      ],
    };
  },
};

const PASSWORD = 'a-password-for-webhooks';
