import { pick, type Random } from '../../testing/seeded-random.js';
import type { FakeProperties } from './object-table.js';
import { CONFIRMATION_STATUSES } from './property-definitions.js';

/** The n-th contact of a small world; the same seed makes the same people. */
export function believableContact(n: number, random: Random): FakeProperties {
  const firstname = pick(FIRST_NAMES, random);
  const lastname = pick(LAST_NAMES, random);
  const company = companyName(Math.floor(random() * 500), random);
  const mailbox = `${firstname}.${lastname}.${n}`.toLowerCase();
  return {
    email: n % 50 === 49 ? null : `${mailbox}@${domainOf(company)}`,
    firstname,
    lastname,
    company,
    phone: `+1 555 ${String(1_000_000 + Math.floor(random() * 8_999_999))}`,
    jobtitle: pick(JOB_TITLES, random),
    lifecyclestage: pick(LIFECYCLE_STAGES, random),
    hs_emailconfirmationstatus:
      n % 2 === 0 ? (CONFIRMATION_STATUSES[(n / 2) % CONFIRMATION_STATUSES.length] ?? null) : null,
  };
}

export function believableCompany(n: number, random: Random): FakeProperties {
  const name = companyName(n, random);
  return {
    name,
    domain: `${n}-${domainOf(name)}`,
    industry: pick(INDUSTRIES, random),
    phone: `+1 555 ${String(1_000_000 + Math.floor(random() * 8_999_999))}`,
    city: pick(CITIES, random),
    country: 'United States',
    numberofemployees: String(1 + Math.floor(random() ** 3 * 20_000)),
    annualrevenue: String(Math.floor(random() ** 3 * 1_000) * 100_000),
    lifecyclestage: pick(LIFECYCLE_STAGES, random),
  };
}

function companyName(n: number, random: Random): string {
  const first = COMPANY_WORDS[n % COMPANY_WORDS.length] ?? COMPANY_WORDS[0];
  return `${first} ${pick(COMPANY_KINDS, random)}`;
}

/** `.example` belongs to nobody. */
function domainOf(company: string): string {
  return `${company.toLowerCase().replaceAll(' ', '-')}.example`;
}

const FIRST_NAMES = [
  'Ada',
  'Amir',
  'Beatriz',
  'Chidi',
  'Dmitri',
  'Elif',
  'Fatima',
  'Grace',
  'Hana',
  'Ivan',
  'Jun',
  'Kofi',
  'Lucía',
  'Mei',
  'Noor',
  'Olu',
  'Priya',
  'Søren',
  'Tomás',
  'Yuki',
] as const;
const LAST_NAMES = [
  'Adeyemi',
  'Andersen',
  'Brown',
  'Chen',
  'Demir',
  'Eriksson',
  'Fischer',
  'García',
  'Haddad',
  'Ito',
  'Jansen',
  'Kowalski',
  'Lovelace',
  'Moreau',
  'Nguyen',
  'Okafor',
  'Patel',
  'Rossi',
  'Silva',
  'Tanaka',
] as const;
const COMPANY_WORDS = [
  'Acorn',
  'Beacon',
  'Cobalt',
  'Delta',
  'Ember',
  'Falcon',
  'Granite',
  'Harbor',
  'Indigo',
  'Juniper',
] as const;
const COMPANY_KINDS = [
  'Analytics',
  'Foods',
  'Freight',
  'Health',
  'Labs',
  'Logistics',
  'Partners',
  'Software',
] as const;
const JOB_TITLES = [
  'Buyer',
  'CEO',
  'CTO',
  'Designer',
  'Engineer',
  'Head of Sales',
  'Office Lead',
  'Researcher',
] as const;
const LIFECYCLE_STAGES = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer'] as const;
const INDUSTRIES = [
  'COMPUTER_SOFTWARE',
  'FOOD_PRODUCTION',
  'HEALTH_WELLNESS_AND_FITNESS',
  'LOGISTICS_AND_SUPPLY_CHAIN',
] as const;
const CITIES = ['Austin', 'Boston', 'Chicago', 'Denver', 'Portland', 'Seattle'] as const;
