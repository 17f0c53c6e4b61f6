import type { FakeStarter } from '../../testing/fake-starter.js';
import { startEspoFake } from './espocrm-fake.js';

export const espoStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { contacts: records, accounts: Math.ceil(records / 4) };
    const fake = await startEspoFake({ ...ports, seed });
    const somebody = fake.site.contacts.listed()[0]?.id ?? 'ID';
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { baseUrl: fake.url },
      secrets: { apiKey: fake.apiKey },
      close: fake.close,
      lines: [
        `${seed.contacts} contacts, ${seed.accounts} accounts`,
        `API key        ${fake.apiKey}`,
        '',
        'Look at one page of it, without a service:',
        '',
        '  npm run rollcall -- connectors try libs/connectors/manifests/espocrm.yaml \\',
        `    --setting baseUrl=${fake.url} --secret apiKey=${fake.apiKey} --stream contacts`,
        '',
        'Connect it; the key is asked for:',
        '',
        `  npm run rollcall -- connections add espocrm --setting base_url=${fake.url} --secret apiKey`,
        '',
        'Subscribe to an event (the answer holds the secret), change somebody, and send what is queued:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"event": "Contact.update", "url": "WEBHOOK_URL/Contact.update"}'`,
        `  curl -X PATCH ${fake.adminUrl}/Contact/${somebody} -d '{"fields": {"title": "Captain"}}'`,
        `  curl -X POST ${fake.adminUrl}/webhooks/deliver`,
      ],
    };
  },
};
