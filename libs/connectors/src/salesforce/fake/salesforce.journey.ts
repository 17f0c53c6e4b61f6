import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startSalesforceFake } from './salesforce-fake.js';

/** See docs/salesforce.md. */
export async function journey(): Promise<JourneyFake> {
  const seed = { contacts: PEOPLE, accounts: COMPANIES, leads: 10 };
  const fake = await startSalesforceFake({ seed });
  const { contacts, accounts, leads, logins } = fake.org;
  const people = () => contacts.visible().filter(({ deleted }) => !deleted);
  const firms = () => accounts.visible().filter(({ deleted }) => !deleted);
  const prospects = () => leads.visible().filter(({ deleted }) => !deleted);
  return {
    fill: { 'https://our-company.my.salesforce.com': fake.url },
    settings: [],
    env: {
      SALESFORCE_CLIENT_ID: logins.clientId,
      SALESFORCE_CLIENT_SECRET: logins.clientSecret,
      SALESFORCE_WEBHOOK_SECRET: 'a-long-random-secret',
    },
    account: fake.organizationId,
    ids: () => idsOf([...contacts.visible(), ...accounts.visible(), ...leads.visible()]),
    rename: (FirstName) => renamed(contacts.visible(), (id) => contacts.update(id, { FirstName })),
    losses: [
      loss('deleted', 'incremental', people, ({ id }) => contacts.remove(id)),
      loss('deleted account', 'incremental', firms, ({ id }) => accounts.remove(id)),
      loss('merged', 'incremental', people, ({ id }, winner) => contacts.merge(winner.id, id)),
      loss('deleted for good', 'sweep', people, ({ id }) => contacts.purge(id)),
      loss('lead deleted for good', 'full', prospects, ({ id }) => leads.purge(id)),
    ],
    close: fake.close,
  };
}
