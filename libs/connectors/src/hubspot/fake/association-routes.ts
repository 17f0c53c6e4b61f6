import { z } from 'zod';
import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import type { AssociationTable } from './association-table.js';
import { invalidRequest } from './hubspot-errors.js';

export interface AssociationCall {
  readonly from: 'contacts' | 'companies';
  readonly to: 'contacts' | 'companies';
  readonly request: FakeRequest;
}

const bodySchema = z.object({
  inputs: z.array(z.object({ id: z.string(), after: z.string().optional() })).max(1_000),
});

/** A record with more associations than a page holds says where to go on; one without any is an error. */
export function associationsRead(table: AssociationTable, { from, to, request }: AssociationCall): FakeReply {
  const parsed = bodySchema.safeParse(JSON.parse(request.body.toString('utf8')));
  if (!parsed.success || from === to) return invalidRequest('Batch requests take at most 1000 inputs');
  const rows = parsed.data.inputs.map(({ id, after }) => ({ id, after, ids: table.of(from, id) }));
  const now = new Date(0).toISOString();
  const body = {
    status: 'COMPLETE',
    results: rows.filter(({ ids }) => ids.length > 0).map(row),
    startedAt: now,
    completedAt: now,
  };
  const without = rows.filter(({ ids }) => ids.length === 0);
  if (without.length === 0) return { status: 200, json: body };
  const errors = without.map(({ id }) => noneFound(from, to, id));
  return { status: 207, json: { ...body, numErrors: errors.length, errors } };
}

function row({ id, after, ids }: { id: string; after: string | undefined; ids: readonly string[] }) {
  const start = after === undefined ? 0 : ids.indexOf(after) + 1;
  const page = ids.slice(start, start + PAGE);
  const last = page.at(-1);
  return {
    from: { id },
    to: page.map((toObjectId) => ({ toObjectId: Number(toObjectId), associationTypes: [UNLABELLED] })),
    ...(ids.length > start + PAGE && last ? { paging: { next: { after: last } } } : {}),
  };
}

function noneFound(from: string, to: string, id: string) {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
    message: `No ${to} are associated with ${from} ${id}.`,
    context: { fromObjectId: [id] },
  };
}

const PAGE = 100;
const UNLABELLED = { category: 'HUBSPOT_DEFINED', typeId: 279, label: null };
