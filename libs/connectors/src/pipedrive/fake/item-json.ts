import { CUSTOM_FIELDS } from './field-definitions.js';
import type { FakeItem } from './item-table.js';
import type { PipedriveEntity } from './webhook-outbox.js';

/** A record as version 2 shows it: every field is there, empty ones as null. */
export function itemJson(entity: PipedriveEntity, item: FakeItem): Record<string, unknown> {
  const custom = Object.fromEntries(CUSTOM_FIELDS[entity].map(({ code }) => [code, null]));
  const { custom_fields: given, ...fields } = item.fields;
  return {
    id: item.id,
    ...EMPTY[entity],
    ...fields,
    owner_id: 1,
    add_time: seconds(item.addedAt),
    update_time: seconds(item.updatedAt),
    visible_to: 3,
    label_ids: [],
    is_deleted: item.deletedAt !== null,
    custom_fields: { ...custom, ...(typeof given === 'object' ? given : {}) },
  };
}

/** Times have no fractions, whatever the database holds. */
export function seconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

const EMPTY = {
  person: {
    name: '',
    first_name: null,
    last_name: null,
    emails: [],
    phones: [],
    org_id: null,
    job_title: null,
    picture_id: null,
  },
  organization: {
    name: '',
    address: null,
    website: null,
    industry: null,
    employee_count: null,
    annual_revenue: null,
  },
} as const;
