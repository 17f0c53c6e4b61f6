import type { MappingDocument } from '../mapping/mapping.schema.js';

/** What `hs_emailconfirmationstatus` says when the person clicked the link in the mail that asked. */
const CONFIRMED_BY_THE_PERSON = '["Confirmed", "User clicked confirmation"]';

/**
 * Contacts are users, known by their e-mail address, trimmed and in lower case. HubSpot keeps e-mail unique, but
 * lets it be empty and change: a contact without one is `hubspot-contact-<id>`, and a change is a key change
 * of the same identity, because the link by record id comes first. A connection can replace this document.
 */
export const contactMapping: MappingDocument = {
  version: 1,
  identifier_key: 'properties.email ? $lowercase($trim(properties.email)) : "hubspot-contact-" & id',
  name: '($name := $trim(properties.firstname & " " & properties.lastname); $name ? $name : properties.email ? $trim(properties.email) : "HubSpot contact " & id)',
  identity_type: '"user"',
  properties: [
    text('hubspot_id', 'id'),
    text('email', 'properties.email'),
    flag(
      'email_verified',
      `properties.hs_emailconfirmationstatus ? properties.hs_emailconfirmationstatus in ${CONFIRMED_BY_THE_PERSON}`,
    ),
    text('first_name', 'properties.firstname'),
    text('last_name', 'properties.lastname'),
    text('phone', 'properties.phone'),
    text('company', 'properties.company'),
    text('hubspot_company_ids', 'associations.companies ? $join([associations.companies], ";")'),
    text('job_title', 'properties.jobtitle'),
    text('lifecycle_stage', 'properties.lifecyclestage'),
  ],
};

/** Companies are organisations, known by their domain in lower case, else as `hubspot-company-<id>`. */
export const companyMapping: MappingDocument = {
  version: 1,
  identifier_key: 'properties.domain ? $lowercase($trim(properties.domain)) : "hubspot-company-" & id',
  name: 'properties.name ? $trim(properties.name) : properties.domain ? $trim(properties.domain) : "HubSpot company " & id',
  identity_type: '"org"',
  properties: [
    text('hubspot_id', 'id'),
    text('domain', 'properties.domain'),
    text('industry', 'properties.industry'),
    text('phone', 'properties.phone'),
    text('city', 'properties.city'),
    text('country', 'properties.country'),
    amount('number_of_employees', 'properties.numberofemployees'),
    amount('annual_revenue', 'properties.annualrevenue'),
    text('lifecycle_stage', 'properties.lifecyclestage'),
  ],
};

/** What the two mappings above read, and so what is asked for by default; a spec compares them. */
export const DEFAULT_PROPERTIES = {
  contacts: [
    'email',
    'hs_emailconfirmationstatus',
    'firstname',
    'lastname',
    'phone',
    'company',
    'jobtitle',
    'lifecyclestage',
  ],
  companies: [
    'name',
    'domain',
    'industry',
    'phone',
    'city',
    'country',
    'numberofemployees',
    'annualrevenue',
    'lifecyclestage',
  ],
} as const;

function text(key: string, path: string) {
  return { key, type: 'string' as const, value: path };
}

function flag(key: string, expression: string) {
  return { key, type: 'boolean' as const, value: expression };
}

function amount(key: string, path: string) {
  return { key, type: 'number' as const, value: `$number(${path})` };
}
