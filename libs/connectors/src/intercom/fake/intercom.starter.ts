import type { FakeStarter } from '../../testing/fake-starter.js';
import { startIntercomFake } from './intercom-fake.js';

export const intercomStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { contacts: records, companies: Math.ceil(records / 4) };
    const fake = await startIntercomFake({ ...ports, seed });
    const { token, clientSecret, appId } = fake.workspace;
    const somebody = fake.workspace.contacts.listed()[0]?.id ?? 'ID';
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { baseUrl: fake.url },
      secrets: { accessToken: token, clientSecret },
      close: fake.close,
      lines: [
        `${seed.contacts} contacts, ${seed.companies} companies`,
        `App id         ${appId}`,
        `Token          ${token}`,
        `Client secret  ${clientSecret}`,
        '',
        'Connect it:',
        '',
        `  npm run rollcall -- connections add intercom --setting base_url=${fake.url} \\`,
        `    --token ${token} --client-secret ${clientSecret}`,
        '',
        'Then give the fake the webhook URL that this prints, change somebody, and send what is queued:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL"}'`,
        `  curl -X PATCH ${fake.adminUrl}/contacts/${somebody} -d '{"fields": {"name": "Captain"}}'`,
        `  curl -X POST ${fake.adminUrl}/webhooks/deliver`,
      ],
    };
  },
};
