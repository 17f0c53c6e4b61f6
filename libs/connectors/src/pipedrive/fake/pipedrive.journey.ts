import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startPipedriveFake } from './pipedrive-fake.js';

/** See docs/pipedrive.md. */
export async function journey(): Promise<JourneyFake> {
  const fake = await startPipedriveFake({ seed: { persons: PEOPLE, organizations: COMPANIES } });
  const { persons, organizations } = fake.company;
  const people = () => persons.visible().filter(({ deletedAt }) => deletedAt === null);
  const firms = () => organizations.visible().filter(({ deletedAt }) => deletedAt === null);
  return {
    fill: { 'PIPEDRIVE_TOKEN=...': `PIPEDRIVE_TOKEN=${fake.token}` },
    settings: [`base_url=${fake.url}`],
    account: String(fake.companyId),
    ids: () => idsOf([...persons.visible(), ...organizations.visible()]),
    rename: (name) => renamed(persons.visible(), (id) => persons.update(id, { name })),
    losses: [
      loss('deleted', 'sweep', people, ({ id }) => persons.delete(id)),
      loss('deleted organization', 'sweep', firms, ({ id }) => organizations.delete(id)),
      loss('merged', 'sweep', people, ({ id }, winner) => persons.merge(winner.id, id)),
      loss('deleted thirty days ago', 'full', people, ({ id }) => persons.erase(id)),
    ],
    close: fake.close,
  };
}
