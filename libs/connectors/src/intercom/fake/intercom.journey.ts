import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startIntercomFake } from './intercom-fake.js';

/** See docs/intercom.md. */
export async function journey(): Promise<JourneyFake> {
  const fake = await startIntercomFake({ seed: { contacts: PEOPLE, companies: COMPANIES } });
  const { contacts, companies, token, clientSecret, appId } = fake.workspace;
  const people = () => contacts.listed();
  const firms = () => companies.listed();
  return {
    fill: { ACCESS_TOKEN: token, CLIENT_SECRET: clientSecret },
    settings: [`base_url=${fake.url}`],
    account: appId,
    ids: () => idsOf([...contacts.listed(), ...companies.listed()]),
    rename: (name) => renamed(contacts.listed(), (id) => contacts.update(id, { name })),
    losses: [
      loss('archived', 'sweep', people, ({ id }) => contacts.delete(id)),
      loss('deleted company', 'sweep', firms, ({ id }) => companies.delete(id)),
      loss('merged', 'sweep', people, ({ id }, winner) => contacts.merge(winner.id, id)),
      loss('deleted', 'full', people, ({ id }) => contacts.erase(id)),
    ],
    close: fake.close,
  };
}
