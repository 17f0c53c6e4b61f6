import type { FakeStarter } from '../../testing/fake-starter.js';
import { startSalesforceFake } from './salesforce-fake.js';

export const salesforceStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { contacts: records, accounts: Math.ceil(records / 4), leads: Math.ceil(records / 3) };
    const fake = await startSalesforceFake({ ...ports, seed });
    const { logins } = fake.org;
    const [first] = fake.org.contacts.visible();
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { loginUrl: fake.url, instanceUrl: fake.url },
      secrets: { accessToken: fake.token },
      close: fake.close,
      lines: [
        `${seed.contacts} contacts, ${seed.accounts} accounts, ${seed.leads} leads`,
        `Organisation    ${fake.organizationId}`,
        `Token           ${fake.token}`,
        `Client id       ${logins.clientId}`,
        `Client secret   ${logins.clientSecret}`,
        `Refresh token   ${logins.refreshToken}`,
        '',
        'Connect it:',
        '',
        `  export HOOK=a-webhook-secret-0001 APP_ID=${logins.clientId} APP_SECRET=${logins.clientSecret}`,
        `  npm run rollcall -- connections add salesforce --setting login_url=${fake.url} \\`,
        '    --secret clientId=env:APP_ID --secret clientSecret=env:APP_SECRET --secret webhookSecret=env:HOOK',
        '',
        'Then give the fake the webhook URL that this prints, with the secret behind it, and change somebody:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL/a-webhook-secret-0001"}'`,
        `  curl -X PATCH ${fake.adminUrl}/Contact/${first?.id} -d '{"fields": {"Title": "Captain"}}'`,
      ],
    };
  },
};
