import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { badRequest } from './pipedrive-errors.js';
import type { PipedriveEntity } from './webhook-outbox.js';

/** The fields of an entity, as version 1 or 2 lists them, in pages. */
export function fieldsAnswer(entity: PipedriveEntity, version: string, { query }: FakeRequest): FakeReply {
  const all = [...STANDARD[entity], ...CUSTOM_FIELDS[entity]];
  const limit = Number(query.get('limit') ?? '100');
  if (!(limit >= 1 && limit <= 500)) return badRequest('limit must be between 1 and 500');
  const start = Number(version === 'v1' ? (query.get('start') ?? '0') : (query.get('cursor') ?? '0'));
  const more = start + limit < all.length;
  const page = all.slice(start, start + limit);
  const additional =
    version === 'v1'
      ? {
          pagination: {
            start,
            limit,
            more_items_in_collection: more,
            ...(more ? { next_start: start + limit } : {}),
          },
        }
      : { next_cursor: more ? String(start + limit) : null };
  return {
    status: 200,
    json: {
      success: true,
      data: version === 'v1' ? page.map(fieldV1) : page.map(fieldV2),
      additional_data: additional,
    },
  };
}

interface Field {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly options?: readonly string[];
}

const fieldV2 = ({ code, name, type, options }: Field) => ({
  field_name: name,
  field_code: code,
  field_type: type,
  options: options?.map((label, index) => ({ id: index + 1, label })) ?? null,
  subfields: null,
  is_custom_field: /^[0-9a-f]{40}$/.test(code),
  is_optional_response_field: false,
});

const fieldV1 = ({ code, name, type, options }: Field, index: number) => ({
  id: index + 1,
  key: code,
  name,
  field_type: type,
  edit_flag: /^[0-9a-f]{40}$/.test(code),
  active_flag: true,
  ...(options ? { options: options.map((label, at) => ({ id: at + 1, label })) } : {}),
});

export const CUSTOM_FIELDS: Readonly<Record<PipedriveEntity, readonly Field[]>> = {
  person: [
    { code: 'dcf558aac1ae4e8c4f849ba5e668430d8df9be12', name: 'Plan', type: 'varchar' },
    {
      code: '4fb7f9ed6f4f7dbfe0a2ae7a6d9c0c6a5f0f9a01',
      name: 'Seniority',
      type: 'enum',
      options: ['Junior', 'Senior'],
    },
  ],
  organization: [{ code: '0d2f1f7c9a8b4e6d5c3b2a190817263544536271', name: 'Tier', type: 'varchar' }],
};

const STANDARD: Readonly<Record<PipedriveEntity, readonly Field[]>> = {
  person: [
    { code: 'id', name: 'ID', type: 'int' },
    { code: 'name', name: 'Name', type: 'varchar' },
    { code: 'first_name', name: 'First name', type: 'varchar' },
    { code: 'last_name', name: 'Last name', type: 'varchar' },
    { code: 'emails', name: 'Email', type: 'varchar' },
    { code: 'phones', name: 'Phone', type: 'phone' },
    { code: 'org_id', name: 'Organization', type: 'org' },
    { code: 'job_title', name: 'Job title', type: 'varchar' },
    { code: 'update_time', name: 'Update time', type: 'date' },
  ],
  organization: [
    { code: 'id', name: 'ID', type: 'int' },
    { code: 'name', name: 'Name', type: 'varchar' },
    { code: 'address', name: 'Address', type: 'address' },
    { code: 'website', name: 'Website', type: 'varchar' },
    { code: 'industry', name: 'Industry', type: 'enum', options: ['Software', 'Logistics'] },
    { code: 'update_time', name: 'Update time', type: 'date' },
  ],
};
