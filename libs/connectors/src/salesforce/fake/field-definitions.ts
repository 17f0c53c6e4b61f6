export type SObjectType = 'Contact' | 'Account' | 'Lead';

export interface FakeField {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly picklistValues?: readonly string[];
}

/** What `describe` says, and what a query may name. */
export function fieldsOf(type: SObjectType): readonly FakeField[] {
  return [...SYSTEM_FIELDS, ...OWN_FIELDS[type]];
}

export function findField(type: SObjectType, name: string): FakeField | undefined {
  return fieldsOf(type).find((field) => field.name.toLowerCase() === name.toLowerCase());
}

export const ID_PREFIX = { Contact: '003', Account: '001', Lead: '00Q' } as const;
export const SOBJECT_TYPES = ['Contact', 'Account', 'Lead'] as const;

const field = (
  name: string,
  label: string,
  type = 'string',
  picklistValues?: readonly string[],
): FakeField => ({
  name,
  label,
  type,
  ...(picklistValues ? { picklistValues } : {}),
});

const SYSTEM_FIELDS = [
  field('Id', 'Record ID', 'id'),
  field('IsDeleted', 'Deleted', 'boolean'),
  field('MasterRecordId', 'Master Record ID', 'reference'),
  field('CreatedDate', 'Created Date', 'datetime'),
  field('LastModifiedDate', 'Last Modified Date', 'datetime'),
  field('SystemModstamp', 'System Modstamp', 'datetime'),
];

const PERSON_FIELDS = [
  field('FirstName', 'First Name'),
  field('LastName', 'Last Name'),
  field('Name', 'Full Name'),
  field('Email', 'Email', 'email'),
  field('Phone', 'Phone', 'phone'),
  field('Title', 'Title'),
];

const OWN_FIELDS: Readonly<Record<SObjectType, readonly FakeField[]>> = {
  Contact: [
    ...PERSON_FIELDS,
    field('Department', 'Department'),
    field('AccountId', 'Account ID', 'reference'),
    field('Level__c', 'Level', 'picklist', ['Primary', 'Secondary', 'Tertiary']),
  ],
  Account: [
    field('Name', 'Account Name'),
    field('Website', 'Website', 'url'),
    field('Industry', 'Industry', 'picklist', ['Agriculture', 'Banking', 'Energy', 'Technology']),
    field('Phone', 'Account Phone', 'phone'),
    field('BillingCity', 'Billing City'),
    field('BillingCountry', 'Billing Country'),
    field('NumberOfEmployees', 'Employees', 'int'),
    field('AnnualRevenue', 'Annual Revenue', 'currency'),
    field('ParentId', 'Parent Account ID', 'reference'),
  ],
  Lead: [
    ...PERSON_FIELDS,
    field('Company', 'Company'),
    field('Status', 'Lead Status', 'picklist', ['Open', 'Contacted', 'Qualified', 'Unqualified']),
    field('IsConverted', 'Converted', 'boolean'),
    field('ConvertedContactId', 'Converted Contact ID', 'reference'),
    field('ConvertedAccountId', 'Converted Account ID', 'reference'),
  ],
};
