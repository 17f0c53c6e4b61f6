import { pick, type Random } from '../../testing/seeded-random.js';
import { CUSTOM_FIELDS } from './field-definitions.js';
import type { ItemFields } from './item-table.js';

/** The n-th person of a small world; the same seed makes the same people. */
export function believablePerson(n: number, random: Random, orgIds: readonly number[]): ItemFields {
  const [first, last] = [pick(FIRST_NAMES, random), pick(LAST_NAMES, random)];
  const mailbox = `${first}.${last}.${n}`.toLowerCase();
  const [plan] = CUSTOM_FIELDS.person;
  return {
    name: `${first} ${last}`,
    first_name: first,
    last_name: last,
    emails:
      n % 40 === 39
        ? []
        : [
            { value: `${mailbox}@home.example`, primary: false, label: 'home' },
            { value: `${mailbox}@work.example`, primary: true, label: 'work' },
          ],
    phones: [
      { value: `+1 555 ${1_000_000 + Math.floor(random() * 8_999_999)}`, primary: true, label: 'work' },
    ],
    job_title: pick(JOB_TITLES, random),
    org_id: orgIds.length > 0 ? orgIds[Math.floor(random() * orgIds.length)] : null,
    custom_fields: { [plan?.code ?? '']: pick(PLANS, random) },
  };
}

export function believableOrganization(n: number, random: Random): ItemFields {
  const name = `${pick(WORDS, random)} ${pick(KINDS, random)}`;
  return {
    name,
    website: `https://${n}-${name.toLowerCase().replaceAll(' ', '-')}.example`,
    address: { value: `${1 + Math.floor(random() * 200)} Main Street, ${pick(CITIES, random)}` },
    employee_count: 1 + Math.floor(random() ** 3 * 20_000),
    annual_revenue: Math.floor(random() ** 3 * 1_000) * 100_000,
  };
}

const FIRST_NAMES = [
  'Aino',
  'Bram',
  'Carmen',
  'Dina',
  'Emre',
  'Farah',
  'Goran',
  'Hedda',
  'Ines',
  'Jürgen',
] as const;
const LAST_NAMES = [
  'Aalto',
  'Bauer',
  'Costa',
  'Dubois',
  'Eklund',
  'Farkas',
  'Greco',
  'Horvat',
  'Ivanov',
] as const;
const JOB_TITLES = ['Buyer', 'CEO', 'CFO', 'Engineer', 'Head of Sales', 'Office Lead'] as const;
const WORDS = ['Amber', 'Birch', 'Coral', 'Dune', 'Elm', 'Flint', 'Glacier', 'Heron'] as const;
const KINDS = ['Foods', 'Freight', 'Health', 'Labs', 'Partners', 'Software'] as const;
const CITIES = ['Austin', 'Boston', 'Tallinn', 'Tartu', 'Lisbon', 'Prague'] as const;
const PLANS = ['free', 'team', 'business'] as const;
