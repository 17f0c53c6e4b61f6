import type { MappingDocument } from '../mapping/mapping.schema.js';

/**
 * Contacts are users, known by their e-mail address, trimmed and in lower case. Salesforce lets several contacts
 * share one: the second waits as a conflict. Without an address a contact is `salesforce-contact-<Id>`.
 */
export const contactMapping: MappingDocument = {
  version: 1,
  identifier_key: 'Email ? $lowercase($trim(Email)) : "salesforce-contact-" & Id',
  name: '($name := $trim(FirstName & " " & LastName); $name ? $name : Email ? $trim(Email) : "Salesforce contact " & Id)',
  identity_type: '"user"',
  properties: [
    text('salesforce_id', 'Id'),
    text('email', 'Email'),
    text('first_name', 'FirstName'),
    text('last_name', 'LastName'),
    text('phone', 'Phone'),
    text('job_title', 'Title'),
    text('department', 'Department'),
    text('salesforce_account_id', 'AccountId'),
  ],
};

/** Accounts are organisations, known by their id: branches of one company share a name and a website. */
export const accountMapping: MappingDocument = {
  version: 1,
  identifier_key: '"salesforce-account-" & Id',
  name: 'Name ? $trim(Name) : "Salesforce account " & Id',
  identity_type: '"org"',
  properties: [
    text('salesforce_id', 'Id'),
    text('website', 'Website'),
    text('industry', 'Industry'),
    text('phone', 'Phone'),
    text('city', 'BillingCity'),
    text('country', 'BillingCountry'),
    amount('number_of_employees', 'NumberOfEmployees'),
    amount('annual_revenue', 'AnnualRevenue'),
    text('salesforce_parent_id', 'ParentId'),
  ],
};

/** Leads are users known by their id: a lead's address is often a contact's as well, before and after conversion. */
export const leadMapping: MappingDocument = {
  version: 1,
  identifier_key: '"salesforce-lead-" & Id',
  name: '($name := $trim(FirstName & " " & LastName); $name ? $name : Email ? $trim(Email) : "Salesforce lead " & Id)',
  identity_type: '"user"',
  properties: [
    text('salesforce_id', 'Id'),
    text('email', 'Email'),
    text('first_name', 'FirstName'),
    text('last_name', 'LastName'),
    text('phone', 'Phone'),
    text('company', 'Company'),
    text('job_title', 'Title'),
    text('lead_status', 'Status'),
  ],
};

/** What the mappings above read, and so what is asked for by default. */
export const DEFAULT_FIELDS = {
  contacts: ['Email', 'FirstName', 'LastName', 'Phone', 'Title', 'Department', 'AccountId'],
  accounts: [
    'Name',
    'Website',
    'Industry',
    'Phone',
    'BillingCity',
    'BillingCountry',
    'NumberOfEmployees',
    'AnnualRevenue',
    'ParentId',
  ],
  leads: ['Email', 'FirstName', 'LastName', 'Phone', 'Company', 'Title', 'Status'],
} as const;

function text(key: string, path: string) {
  return { key, type: 'string' as const, value: path };
}

function amount(key: string, path: string) {
  return { key, type: 'number' as const, value: path };
}
