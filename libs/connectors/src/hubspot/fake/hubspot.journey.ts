import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startHubSpotFake } from './hubspot-fake.js';

/** See docs/hubspot.md. */
export async function journey(): Promise<JourneyFake> {
  const fake = await startHubSpotFake({ searchLagMs: 0, seed: { contacts: PEOPLE, companies: COMPANIES } });
  const { contacts, companies } = fake.account;
  const people = () => contacts.listed(false);
  const firms = () => companies.listed(false);
  return {
    fill: { 'HUBSPOT_TOKEN=...': `HUBSPOT_TOKEN=${fake.token}`, 'SECRET=...': `SECRET=${fake.clientSecret}` },
    settings: [`base_url=${fake.url}`],
    account: String(fake.portalId),
    ids: () => idsOf([...contacts.listed(false), ...companies.listed(false)]),
    rename: (firstname) => renamed(contacts.listed(false), (id) => contacts.update(id, { firstname })),
    losses: [
      loss('archived', 'incremental', people, ({ id }) => contacts.archive(id)),
      loss('archived company', 'incremental', firms, ({ id }) => companies.archive(id)),
      loss('merged', 'incremental', people, ({ id }, winner) => contacts.merge(winner.id, id)),
      loss('erased', 'sweep', people, ({ id }) => contacts.erase(id)),
      loss('erased company', 'full', firms, ({ id }) => companies.erase(id)),
    ],
    close: fake.close,
  };
}
