import { pick, type Random } from './seeded-random.js';

export interface BelievablePerson {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
  readonly phone: string;
  readonly title: string;
}

/** The n-th person of a small world; one in fifty has no address. The same seed makes the same people. */
export function believablePerson(n: number, random: Random): BelievablePerson {
  const firstName = pick(FIRST_NAMES, random);
  const lastName = pick(LAST_NAMES, random);
  return {
    firstName,
    lastName,
    email: n % 50 === 49 ? null : `${firstName}.${lastName}.${n}@people.example`.toLowerCase(),
    phone: `+1 555 ${1_000_000 + Math.floor(random() * 8_999_999)}`,
    title: pick(TITLES, random),
  };
}

export function believableCompany(
  n: number,
  random: Random,
): { name: string; website: string; industry: string } {
  const name = `${pick(WORDS, random)} ${pick(KINDS, random)} ${n + 1}`;
  return {
    name,
    website: `https://${name.toLowerCase().replaceAll(' ', '-')}.example`,
    industry: pick(KINDS, random),
  };
}

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
  'Chen',
  'Demir',
  'García',
  'Ito',
  'Lovelace',
  'Okafor',
  'Patel',
  'Rossi',
  'Silva',
] as const;
const TITLES = ['Buyer', 'CTO', 'Designer', 'Engineer', 'Head of Sales', 'Researcher'] as const;
const WORDS = ['Acorn', 'Beacon', 'Cobalt', 'Ember', 'Falcon', 'Granite', 'Harbor', 'Juniper'] as const;
const KINDS = ['Analytics', 'Foods', 'Freight', 'Health', 'Labs', 'Logistics', 'Software'] as const;
