type PropertyDefinition = readonly [
  name: string,
  label: string,
  type: string,
  fieldType: string,
  options?: readonly string[],
];

/** What the properties API answers: the fields that the default mapping and its users look at. */
export function propertyDefinitions(type: 'contacts' | 'companies') {
  return DEFINITIONS[type].map(([name, label, valueType, fieldType, options = []]) => ({
    name,
    label,
    type: valueType,
    fieldType,
    description: '',
    groupName: type === 'contacts' ? 'contactinformation' : 'companyinformation',
    options: options.map((option) => ({ label: option, value: option, hidden: false })),
    displayOrder: -1,
    calculated: name === 'hs_merged_object_ids',
    externalOptions: false,
    hasUniqueValue: name === 'hs_object_id',
    hidden: false,
    hubspotDefined: true,
    formField: fieldType === 'text',
    archived: false,
  }));
}

export function isKnownProperty(type: 'contacts' | 'companies', name: string): boolean {
  return DEFINITIONS[type].some(([known]) => known === name);
}

const SHARED: readonly PropertyDefinition[] = [
  ['hs_object_id', 'Record ID', 'number', 'number'],
  ['hs_merged_object_ids', 'Merged record IDs', 'enumeration', 'checkbox'],
  ['createdate', 'Create Date', 'datetime', 'date'],
  ['phone', 'Phone Number', 'string', 'phonenumber'],
  ['lifecyclestage', 'Lifecycle Stage', 'enumeration', 'radio'],
];

/** As HubSpot's knowledge base lists them. */
export const CONFIRMATION_STATUSES = [
  'Confirmation Pending',
  'Confirmation Email Sent',
  'User clicked confirmation',
  'Confirmed',
  'HubSpot Rep. marked confirmed',
  'Customer marked confirmed',
  'Confirmed from previous behavior',
  'Confirmed due to form',
] as const;

const DEFINITIONS: Readonly<Record<'contacts' | 'companies', readonly PropertyDefinition[]>> = {
  contacts: [
    ...SHARED,
    ['lastmodifieddate', 'Last Modified Date', 'datetime', 'date'],
    ['email', 'Email', 'string', 'text'],
    [
      'hs_emailconfirmationstatus',
      'Marketing email confirmation status',
      'enumeration',
      'select',
      CONFIRMATION_STATUSES,
    ],
    ['firstname', 'First Name', 'string', 'text'],
    ['lastname', 'Last Name', 'string', 'text'],
    ['company', 'Company Name', 'string', 'text'],
    ['jobtitle', 'Job Title', 'string', 'text'],
  ],
  companies: [
    ...SHARED,
    ['hs_lastmodifieddate', 'Last Modified Date', 'datetime', 'date'],
    ['name', 'Company name', 'string', 'text'],
    ['domain', 'Company Domain Name', 'string', 'text'],
    ['industry', 'Industry', 'enumeration', 'select'],
    ['city', 'City', 'string', 'text'],
    ['country', 'Country/Region', 'string', 'text'],
    ['numberofemployees', 'Number of Employees', 'number', 'number'],
    ['annualrevenue', 'Annual Revenue', 'number', 'number'],
  ],
};
