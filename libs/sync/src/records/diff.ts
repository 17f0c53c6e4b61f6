import type { Identity } from '#identity';

/** What a plan changes, field by field; properties as `properties.<key>`. */
export type Diff = Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;

export function diffOf(before: Identity, after: Identity): Diff | null {
  const was = fieldsOf(before);
  const is = fieldsOf(after);
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (field) => JSON.stringify(was.get(field)) !== JSON.stringify(is.get(field)),
  );
  if (changed.length === 0) return null;
  return Object.fromEntries(
    changed.map((field) => [field, { from: was.get(field) ?? null, to: is.get(field) ?? null }]),
  );
}

function fieldsOf(identity: Identity): Map<string, unknown> {
  if (identity.status !== 'live') return new Map();
  const { identifierKey, name, identityType, properties } = identity;
  return new Map<string, unknown>([
    ['identifier_key', identifierKey],
    ['name', name],
    ['identity_type', identityType],
    ...[...properties.values()].map(({ key, value }) => [`properties.${key}`, value] as const),
  ]);
}
