import type { FakeRecord } from '../../testing/record-table.js';

export function contactJson(workspaceId: string, record: FakeRecord): unknown {
  if (record.disguise !== undefined) return record.disguise;
  return {
    type: 'contact',
    id: record.id,
    workspace_id: workspaceId,
    external_id: null,
    role: 'user',
    email: null,
    phone: null,
    name: null,
    ...record.fields,
    has_hard_bounced: false,
    marked_email_as_spam: false,
    unsubscribed_from_emails: false,
    ...times(record),
    custom_attributes: {},
    tags: { type: 'list', data: [], url: `/contacts/${record.id}/tags`, total_count: 0, has_more: false },
    companies: {
      type: 'list',
      data: [],
      url: `/contacts/${record.id}/companies`,
      total_count: 0,
      has_more: false,
    },
  };
}

export function companyJson(appId: string, record: FakeRecord): unknown {
  if (record.disguise !== undefined) return record.disguise;
  return {
    type: 'company',
    id: record.id,
    app_id: appId,
    company_id: record.id,
    ...record.fields,
    ...times(record),
    monthly_spend: 0,
    session_count: 0,
    user_count: 0,
    custom_attributes: {},
  };
}

export const seconds = (time: number): number => Math.floor(time / 1000);

function times({ createdAt, modifiedAt }: FakeRecord) {
  return { created_at: seconds(createdAt), updated_at: seconds(modifiedAt) };
}
