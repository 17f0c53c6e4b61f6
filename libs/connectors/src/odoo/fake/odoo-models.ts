import { z } from 'zod';
import type { OdooDatabase } from './odoo-database.js';
import { noMethod, notAllowed, OdooRefusal } from './odoo-errors.js';

/** What a method of a model answers for named arguments. @throws OdooRefusal */
export function callModel(database: OdooDatabase, model: string, method: string, args: unknown): unknown {
  const run = METHODS.get(`${model}.${method}`);
  if (!run) throw noMethod();
  return run(database, args ?? {});
}

type Run = (database: OdooDatabase, args: unknown) => unknown;

const ids = z.array(z.int());
const values = z.record(z.string(), z.unknown());
const searchArgs = z.object({
  domain: z.array(z.unknown()).optional(),
  fields: z.array(z.string()).default([]),
  order: z.string().optional(),
  limit: z.int().optional(),
  offset: z.int().optional(),
});

const METHODS: ReadonlyMap<string, Run> = new Map<string, Run>([
  ['res.partner.search_read', searchRead],
  ['res.partner.search_count', ({ partners }, args) => partners.search(parsed(searchArgs, args)).length],
  ['res.partner.fields_get', () => FIELDS],
  [
    'res.partner.read',
    ({ partners }, args) => {
      const asked = parsed(z.object({ ids, fields: z.array(z.string()).default([]) }), args);
      const found = asked.ids.map((id) => partners.find(id)).filter((partner) => partner !== null);
      return found.map((partner) => partners.shown(partner, asked.fields));
    },
  ],
  [
    'res.partner.create',
    ({ partners }, args) =>
      partners.create(parsed(z.object({ vals_list: z.array(values) }), args).vals_list).map(({ id }) => id),
  ],
  [
    'res.partner.write',
    ({ partners }, args) => {
      const asked = parsed(z.object({ ids, vals: values }), args);
      partners.write(asked.ids, asked.vals);
      return true;
    },
  ],
  [
    'res.partner.unlink',
    ({ partners }, args) => {
      partners.unlink(parsed(z.object({ ids }), args).ids);
      return true;
    },
  ],
  [
    'res.partner.action_archive',
    ({ partners }, args) => {
      partners.write(parsed(z.object({ ids }), args).ids, { active: false });
      return true;
    },
  ],
  ['res.users.context_get', () => ({ lang: 'en_US', tz: 'Europe/Brussels', uid: USER_ID })],
  ['res.company.search_read', () => [{ id: 1 }]],
  [
    'ir.config_parameter.get_param',
    ({ administrator, uuid }, args) => {
      if (!administrator) throw notAllowed();
      return parsed(z.object({ key: z.string() }), args).key === 'database.uuid' ? uuid : false;
    },
  ],
]);

function searchRead({ partners }: OdooDatabase, args: unknown): unknown[] {
  const asked = parsed(searchArgs, args);
  return partners.search(asked).map((partner) => partners.shown(partner, asked.fields));
}

function parsed<Shape>(schema: z.ZodType<Shape>, args: unknown): Shape {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  throw new OdooRefusal('builtins.TypeError', 422, 'missing or wrong arguments');
}

export const USER_ID = 2;

const field = (string: string, type: string, more: object = {}) => ({ string, type, store: true, ...more });

const FIELDS = {
  id: field('ID', 'integer'),
  name: field('Name', 'char'),
  email: field('Email', 'char'),
  phone: field('Phone', 'char'),
  function: field('Job Position', 'char'),
  ref: field('Reference', 'char'),
  vat: field('Tax ID', 'char', { help: 'The tax identification number' }),
  is_company: field('Is a Company', 'boolean'),
  active: field('Active', 'boolean'),
  parent_id: field('Related Company', 'many2one'),
  country_id: field('Country', 'many2one'),
  write_date: field('Last Updated on', 'datetime'),
  type: field('Address Type', 'selection', {
    selection: [
      ['contact', 'Contact'],
      ['invoice', 'Invoice Address'],
      ['delivery', 'Delivery Address'],
    ],
  }),
  email_normalized: field('Normalized Email', 'char', { store: false }),
};
