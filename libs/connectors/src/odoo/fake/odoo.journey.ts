import { COMPANIES, idsOf, type JourneyFake, loss, PEOPLE, renamed } from '../../testing/journey.js';
import { startOdooFake } from './odoo-fake.js';

/** See docs/odoo.md. */
export async function journey(): Promise<JourneyFake> {
  const fake = await startOdooFake({ seed: { people: PEOPLE, companies: COMPANIES } });
  const { partners } = fake.database;
  const active = () => partners.visible().filter((partner) => partner.active);
  return {
    fill: { 'ODOO_TOKEN=...': `ODOO_TOKEN=${fake.token}`, 'https://odoo.example.com': fake.url },
    settings: [],
    account: fake.database.uuid,
    ids: () => idsOf(partners.visible()),
    rename: (name) => renamed(partners.visible(), (id) => partners.write([id], { name })),
    losses: [
      loss('archived', 'incremental', active, ({ id }) => partners.write([id], { active: false })),
      loss('deleted', 'sweep', active, ({ id }) => partners.unlink([id])),
      loss('merged', 'sweep', active, ({ id }, winner) => partners.merge(winner.id, [id])),
      loss('deleted', 'full', active, ({ id }) => partners.unlink([id])),
    ],
    close: fake.close,
  };
}
