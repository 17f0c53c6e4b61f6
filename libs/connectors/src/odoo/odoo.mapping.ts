import type { MappingDocument } from '../mapping/mapping.schema.js';

/**
 * Odoo keeps people and companies in one table. People are users, known by their e-mail address, trimmed and in
 * lower case, else as `odoo-partner-<id>`. Companies are organisations, known as `odoo-company-<id>`: their address
 * is often that of one of their people, and the tax id is not always there. Odoo keeps neither unique.
 */
export const partnerMapping: MappingDocument = {
  version: 1,
  identifier_key:
    'is_company ? "odoo-company-" & id : email ? $lowercase($trim(email)) : "odoo-partner-" & id',
  name: 'name ? $trim(name) : email ? $trim(email) : "Odoo partner " & id',
  identity_type: 'is_company ? "org" : "user"',
  properties: [
    text('odoo_id', '$string(id)'),
    text('email', 'email'),
    text('phone', 'phone'),
    text('job_title', 'function'),
    text('reference', 'ref'),
    text('vat', 'vat'),
    text('website', 'website'),
    text('city', 'city'),
    text('country', 'country_id[1]'),
    text('parent_id', '$string(parent_id[0])'),
    text('company', 'parent_id[1]'),
  ],
};

/** What the mapping above reads, and what the connector needs itself. */
export const DEFAULT_FIELDS = [
  'name',
  'email',
  'phone',
  'function',
  'ref',
  'vat',
  'website',
  'city',
  'country_id',
  'parent_id',
  'is_company',
  'active',
  'write_date',
] as const;

function text(key: string, value: string) {
  return { key, type: 'string' as const, value };
}
