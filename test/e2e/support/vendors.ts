import {
  startEspoFake,
  startHubSpotFake,
  startIntercomFake,
  startOdooFake,
  startPipedriveFake,
  startSalesforceFake,
} from '#connectors/testing';

/** One vendor as its guide tells to connect it, and its fake as the account that is connected. */
export interface Vendor {
  readonly kind: string;
  start(): Promise<VendorFake>;
}

export interface VendorFake {
  /** What stands in the command of the guide, and what a person puts in its place. */
  readonly fill: Readonly<Record<string, string>>;
  /** What the guide leaves to a default that would be the vendor itself. */
  readonly settings: readonly string[];
  /** Environment variables that the command of the guide reads without naming their value. */
  readonly env?: Readonly<Record<string, string>>;
  /** The files that the command names, and what is in them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly account: string;
  /** Every record there is, by its id. */
  ids(): string[];
  /** Renames one person. @returns its id */
  rename(name: string): string;
  /** The ways in which a record goes while no webhook is told. */
  readonly losses: readonly Loss[];
  close(): Promise<void>;
}

export interface Loss {
  readonly how: string;
  /** The run after which the guide promises that the identity is gone. */
  readonly seenBy: 'incremental' | 'sweep' | 'full';
  /** @returns the id of the record that is gone */
  lose(): string;
}

const SEED = 100;
const COMPANIES = 20;

export const vendors: readonly Vendor[] = [
  { kind: 'hubspot', start: hubSpot },
  { kind: 'salesforce', start: salesforce },
  { kind: 'pipedrive', start: pipedrive },
  { kind: 'odoo', start: odoo },
  { kind: 'espocrm', start: espoCrm },
  { kind: 'intercom', start: intercom },
];

async function hubSpot(): Promise<VendorFake> {
  const fake = await startHubSpotFake({ searchLagMs: 0, seed: { contacts: SEED, companies: COMPANIES } });
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

async function salesforce(): Promise<VendorFake> {
  const seed = { contacts: SEED, accounts: COMPANIES, leads: 10 };
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

async function pipedrive(): Promise<VendorFake> {
  const fake = await startPipedriveFake({ seed: { persons: SEED, organizations: COMPANIES } });
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

async function odoo(): Promise<VendorFake> {
  const fake = await startOdooFake({ seed: { people: SEED, companies: COMPANIES } });
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

async function espoCrm(): Promise<VendorFake> {
  const fake = await startEspoFake({ seed: { contacts: SEED, accounts: COMPANIES } });
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

async function intercom(): Promise<VendorFake> {
  const fake = await startIntercomFake({ seed: { contacts: SEED, companies: COMPANIES } });
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

const idsOf = (records: readonly { readonly id: string | number }[]): string[] =>
  records.map(({ id }) => String(id)).sort();

function renamed<Id extends string | number>(
  records: readonly { readonly id: Id }[],
  rename: (id: Id) => unknown,
): string {
  const [first] = records;
  if (!first) throw new Error('There is nobody to rename');
  rename(first.id);
  return String(first.id);
}

/** Loses the last of them, if need be to the one before it. */
function loss<Item extends { readonly id: string | number }>(
  how: string,
  seenBy: Loss['seenBy'],
  listed: () => readonly Item[],
  lose: (item: Item, winner: Item) => unknown,
): Loss {
  return {
    how,
    seenBy,
    lose() {
      const [winner, item] = listed().slice(-2);
      if (!winner || !item) throw new Error('There are not two of them');
      lose(item, winner);
      return String(item.id);
    },
  };
}
