import type { FakeObject, ObjectTable } from './object-table.js';

/** One record as the API shows it: the properties that were asked for, and the ones that always come. */
export function objectJson(table: ObjectTable, object: FakeObject, asked: readonly string[]): unknown {
  const disguise = table.disguiseOf(object.id);
  if (disguise !== undefined) return disguise;
  const names = new Set([
    ...(asked.length > 0 ? asked : DEFAULTS),
    'hs_object_id',
    'createdate',
    table.dateProperty,
  ]);
  const properties = [...names].map((name) => [name, table.valueOf(object, name)]);
  return {
    id: object.id,
    properties: Object.fromEntries(properties),
    createdAt: new Date(object.createdAt).toISOString(),
    updatedAt: new Date(object.updatedAt).toISOString(),
    archived: object.archivedAt !== null,
    ...(object.archivedAt === null ? {} : { archivedAt: new Date(object.archivedAt).toISOString() }),
  };
}

const DEFAULTS = ['email', 'firstname', 'lastname', 'name', 'domain'];
