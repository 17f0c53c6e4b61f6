import { pick, type Random } from '../../testing/seeded-random.js';
import type { Values } from './domain.js';

export function believableCompany(n: number, random: Random): Values {
  const name = `${pick(WORDS, random)} ${pick(KINDS, random)}`;
  return {
    name,
    is_company: true,
    email: `info@${n}-${name.toLowerCase().replaceAll(' ', '-')}.example`,
    vat: n % 3 === 0 ? `BE0${477_472_700 + n}` : false,
    website: `https://${n}.example`,
    city: pick(CITIES, random),
    country_id: pick(COUNTRIES, random),
  };
}

/** Some people belong to a company, some have no address; that is how Odoo's databases look. */
export function believablePerson(n: number, random: Random, companies: readonly Values[]): Values {
  const [first, last] = [pick(FIRST_NAMES, random), pick(LAST_NAMES, random)];
  const company = companies[Math.floor(random() * companies.length * 1.5)];
  return {
    name: `${first} ${last}`,
    email: n % 30 === 29 ? false : `${first}.${last}.${n}@people.example`.toLowerCase(),
    phone: `+32 2 290 ${String(1_000 + Math.floor(random() * 9_000))}`,
    function: pick(FUNCTIONS, random),
    parent_id: company ? [company.id, company.name] : false,
    city: pick(CITIES, random),
    country_id: pick(COUNTRIES, random),
  };
}

const FIRST_NAMES = [
  'Anke',
  'Bilal',
  'Célia',
  'Dries',
  'Eva',
  'Fenna',
  'Gita',
  'Hugo',
  'Imke',
  'Joris',
] as const;
const LAST_NAMES = ['Adam', 'Baert', 'Claes', 'Dumont', 'Evrard', 'Feys', 'Goossens', 'Hendrickx'] as const;
const FUNCTIONS = ['Buyer', 'Accountant', 'Director', 'Engineer', 'Office Manager'] as const;
const WORDS = ['Agrolait', 'Azure', 'Deco', 'Gemini', 'Lumber', 'Ready'] as const;
const KINDS = ['Corner', 'Furniture', 'Interior', 'Logistics', 'Mat', 'Supplies'] as const;
const CITIES = ['Antwerp', 'Brussels', 'Ghent', 'Liège', 'Namur', 'Rotterdam'] as const;
type Country = readonly [id: number, name: string];
const COUNTRIES: readonly [Country, ...Country[]] = [
  [20, 'Belgium'],
  [75, 'France'],
  [165, 'Netherlands'],
];
