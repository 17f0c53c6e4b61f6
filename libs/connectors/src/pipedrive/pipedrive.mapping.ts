import type { MappingDocument } from '../mapping/mapping.schema.js';

/**
 * Persons are users, known by their primary e-mail address, else by the first they have, trimmed and in lower case.
 * Pipedrive lets two persons share an address, and lets it be empty: then it is `pipedrive-person-<id>`.
 * Custom fields are there as custom_fields.`<hash>`; discovery says which hash has which label.
 */
export const personMapping: MappingDocument = {
  version: 1,
  identifier_key: `(${email()}; $email ? $lowercase($trim($email)) : "pipedrive-person-" & id)`,
  name: `(${email()}; $name := $trim(name); $name ? $name : $email ? $trim($email) : "Pipedrive person " & id)`,
  identity_type: '"user"',
  properties: [
    text('pipedrive_id', '$string(id)'),
    text('email', '[emails[primary].value, emails.value][0]'),
    text('first_name', 'first_name'),
    text('last_name', 'last_name'),
    text('phone', '[phones[primary].value, phones.value][0]'),
    text('job_title', 'job_title'),
    text('organization_id', '$string(org_id)'),
  ],
};

/** Organizations have nothing unique but their id. */
export const organizationMapping: MappingDocument = {
  version: 1,
  identifier_key: '"pipedrive-organization-" & id',
  name: '($name := $trim(name); $name ? $name : "Pipedrive organization " & id)',
  identity_type: '"org"',
  properties: [
    text('pipedrive_id', '$string(id)'),
    text('website', 'website'),
    text('industry', '$string(industry)'),
    text('address', 'address.value'),
    { key: 'number_of_employees', type: 'number', value: 'employee_count' },
    { key: 'annual_revenue', type: 'number', value: 'annual_revenue' },
  ],
};

function email(): string {
  return '$email := [emails[primary].value, emails.value][0]';
}

function text(key: string, value: string) {
  return { key, type: 'string' as const, value };
}
