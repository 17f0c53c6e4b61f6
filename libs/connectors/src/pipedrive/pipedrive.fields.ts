import { callFor } from '../ground/http/call-for.js';
import type { FieldDefinition } from '../port/connector.js';
import { type PipedriveContext, pipedriveClient } from './pipedrive.client.js';
import { fieldsSchema, type PipedriveField } from './pipedrive.schema.js';
import type { PipedriveTable } from './pipedrive.settings.js';

/** The field lists of either release: what Pipedrive shows as "Favourite colour" is a hash on the record. */
export async function discoverFields(
  context: PipedriveContext,
  stream: PipedriveTable,
): Promise<FieldDefinition[]> {
  const path = `/api/${context.config.fieldsVersion}/${FIELD_LISTS[stream]}`;
  const client = pipedriveClient(context);
  const fields: PipedriveField[] = [];
  let query: Record<string, string> | null = {};
  while (query) {
    const call = { method: 'GET', path, query: { limit: '500', ...query } } as const;
    const { data } = await callFor(client, call, fieldsSchema);
    fields.push(...data.data);
    query = nextPage(data.additional_data);
  }
  return fields.map(toDefinition);
}

type FieldPage = { next_cursor?: string | null; pagination?: { next_start?: number | null } | null };

function nextPage(page: FieldPage | null | undefined): Record<string, string> | null {
  if (page?.next_cursor) return { cursor: page.next_cursor };
  return page?.pagination?.next_start ? { start: String(page.pagination.next_start) } : null;
}

function toDefinition(field: PipedriveField): FieldDefinition {
  const code = field.field_code ?? field.key ?? '';
  const custom = /^[0-9a-f]{40}/.test(code);
  return {
    name: custom ? `custom_fields.${code}` : code,
    label: field.field_name ?? field.name ?? code,
    type: field.field_type,
    ...(custom ? { description: `In a mapping: custom_fields.\`${code}\`` } : {}),
    ...(field.options?.length ? { options: field.options.map(({ label }) => label) } : {}),
  };
}

const FIELD_LISTS = { persons: 'personFields', organizations: 'organizationFields' } as const;
