import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startEspoFake } from './espocrm-fake.js';

/** See docs/espocrm.md. */
export async function journey(): Promise<JourneyFake> {
  const fake = await startEspoFake({ seed: { contacts: PEOPLE, accounts: COMPANIES } });
  const { contacts, accounts } = fake.site;
  const people = () => contacts.listed();
  const firms = () => accounts.listed();
  return {
    fill: { 'https://crm.example.com': fake.url },
    settings: [],
    files: { 'api-key.txt': fake.apiKey },
    account: new URL(fake.url).host,
    ids: () => idsOf([...contacts.listed(), ...accounts.listed()]),
    rename: (firstName) => renamed(contacts.listed(), (id) => contacts.update(id, { firstName })),
    losses: [
      loss('deleted', 'sweep', people, ({ id }) => contacts.delete(id)),
      loss('deleted account', 'sweep', firms, ({ id }) => accounts.delete(id)),
      loss('merged', 'sweep', people, ({ id }, winner) => contacts.merge(winner.id, id)),
      loss('deleted for good', 'full', people, ({ id }) => contacts.erase(id)),
    ],
    close: fake.close,
  };
}
