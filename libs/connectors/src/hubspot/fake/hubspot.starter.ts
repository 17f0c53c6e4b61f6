import type { FakeStarter } from '../../testing/fake-starter.js';
import { type HubSpotFake, startHubSpotFake } from './hubspot-fake.js';

export const hubSpotStarter: FakeStarter = {
  async start({ records, ...ports }) {
    const seed = { contacts: records, companies: Math.ceil(records / 4) };
    const fake = await startHubSpotFake({ ...ports, seed });
    associate(fake);
    return {
      url: fake.url,
      adminUrl: fake.adminUrl,
      settings: { baseUrl: fake.url },
      secrets: { accessToken: fake.token, clientSecret: fake.clientSecret },
      close: fake.close,
      lines: [
        `${seed.contacts} contacts, ${seed.companies} companies`,
        `Portal id      ${fake.portalId}`,
        `Token          ${fake.token}`,
        `Client secret  ${fake.clientSecret}`,
        '',
        'Connect it:',
        '',
        `  npm run rollcall -- connections add hubspot --setting base_url=${fake.url} \\`,
        `    --token ${fake.token} --client-secret ${fake.clientSecret}`,
        '',
        'Then give the fake the webhook URL that this prints, and change somebody:',
        '',
        `  curl -X POST ${fake.adminUrl}/webhooks -d '{"url": "WEBHOOK_URL"}'`,
        `  curl -X PATCH ${fake.adminUrl}/contacts/1500 -d '{"properties": {"jobtitle": "Captain"}}'`,
      ],
    };
  },
};

/** Everybody works somewhere. */
function associate({ account: { contacts, companies, associations } }: HubSpotFake): void {
  const places = companies.listed(false);
  for (const [n, { id }] of contacts.listed(false).entries()) {
    const place = places[n % places.length];
    if (place) associations.add(id, place.id);
  }
}
