import { pick, type Random } from '../../testing/seeded-random.js';
import type { FakeValues } from './sobject-table.js';

/** The n-th contact of a small world; the same seed makes the same people. */
export function believableContact(n: number, random: Random, accountId: string | null): FakeValues {
  const person = believablePerson(n, random);
  return {
    ...person,
    Email: n % 50 === 49 ? null : (person.Email ?? null),
    Department: pick(DEPARTMENTS, random),
    AccountId: accountId,
  };
}

export function believableAccount(n: number, random: Random): FakeValues {
  const name = `${COMPANY_WORDS[n % COMPANY_WORDS.length]} ${pick(COMPANY_KINDS, random)}`;
  return {
    Name: name,
    Website: `https://www.${name.toLowerCase().replaceAll(' ', '-')}.example`,
    Industry: pick(INDUSTRIES, random),
    Phone: phone(random),
    BillingCity: pick(CITIES, random),
    BillingCountry: 'United States',
    NumberOfEmployees: 1 + Math.floor(random() ** 3 * 20_000),
    AnnualRevenue: Math.floor(random() ** 3 * 1_000) * 100_000,
  };
}

export function believableLead(n: number, random: Random): FakeValues {
  return {
    ...believablePerson(n, random),
    Company: `${pick(COMPANY_WORDS, random)} ${pick(COMPANY_KINDS, random)}`,
    Status: pick(LEAD_STATUSES, random),
  };
}

function believablePerson(n: number, random: Random): FakeValues {
  const [first, last] = [pick(FIRST_NAMES, random), pick(LAST_NAMES, random)];
  return {
    FirstName: first,
    LastName: last,
    Email: `${first}.${last}.${n}@${pick(COMPANY_WORDS, random)}.example`.toLowerCase(),
    Phone: phone(random),
    Title: pick(TITLES, random),
  };
}

const phone = (random: Random): string => `+1 555 ${1_000_000 + Math.floor(random() * 8_999_999)}`;

const FIRST_NAMES = [
  'Ada',
  'Amir',
  'Chidi',
  'Elif',
  'Grace',
  'Hana',
  'Kofi',
  'Lucía',
  'Mei',
  'Søren',
] as const;
const LAST_NAMES = [
  'Adeyemi',
  'Brown',
  'Chen',
  'Demir',
  'García',
  'Ito',
  'Jansen',
  'Okafor',
  'Patel',
  'Rossi',
] as const;
const COMPANY_WORDS = ['Acorn', 'Beacon', 'Cobalt', 'Delta', 'Ember', 'Falcon', 'Granite', 'Harbor'] as const;
const COMPANY_KINDS = ['Analytics', 'Foods', 'Freight', 'Health', 'Labs', 'Logistics', 'Software'] as const;
const DEPARTMENTS = ['Finance', 'Operations', 'Sales', 'Technology'] as const;
const TITLES = ['Buyer', 'CEO', 'CTO', 'Engineer', 'Head of Sales', 'SVP, Procurement'] as const;
const INDUSTRIES = ['Agriculture', 'Banking', 'Energy', 'Technology'] as const;
const CITIES = ['Austin', 'Boston', 'Chicago', 'Denver', 'Portland', 'Seattle'] as const;
const LEAD_STATUSES = ['Open', 'Contacted', 'Qualified', 'Unqualified'] as const;
