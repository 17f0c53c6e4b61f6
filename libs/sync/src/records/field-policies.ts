import { createHash } from 'node:crypto';
import { type FieldOrigin, type Identity, type Provenance, propertyField } from '#identity';
import type { ConnectionPolicies, FieldOwner } from '../connections/connection-policies.js';
import type { MirroredIdentity } from './mirrored-identity.js';

/** Who wins, by field: `name`, `identity_type`, `properties.<key>`. A field that is not named: the source. */
export type FieldPolicies = ConnectionPolicies['fields'];

export interface Ownership {
  readonly policies: FieldPolicies;
  readonly provenance: Provenance;
  /** Who we are in the log: what we changed ourselves is never in our way. */
  readonly actor: string;
  /** When the record changed at the source; null: nobody knows. */
  readonly updatedAt: Date | null;
}

/** What is left of a record's wishes where fields belong to somebody else. */
export interface Allowed {
  readonly mirrored: MirroredIdentity;
  readonly owned: ReadonlySet<string>;
  /** The fields where the record says something else than what was kept. */
  readonly kept: readonly string[];
}

/** Takes those fields out of a record that it must not change. */
export function allowedBy(
  { policies, provenance, actor, updatedAt }: Ownership,
  mirrored: MirroredIdentity,
  owned: ReadonlySet<string>,
  identity: Identity,
): Allowed {
  if (identity.status !== 'live') return { mirrored, owned, kept: [] };
  const isKept = (field: string): boolean => {
    const origin = provenance.get(field);
    if (!origin || origin.actor === actor) return false;
    return localWins(policies[field] ?? 'source_wins', origin, updatedAt);
  };
  const keptKeys = new Set([...owned].filter((key) => isKept(propertyField(key))));
  const allowed: MirroredIdentity = {
    ...mirrored,
    name: isKept('name') ? identity.name : mirrored.name,
    identityType: isKept('identity_type') ? identity.identityType : mirrored.identityType,
    properties: mirrored.properties.filter(({ key }) => !keptKeys.has(key)),
  };
  const wanted = new Map(mirrored.properties.map((property) => [property.key, property]));
  const kept = [
    ...(allowed.name === mirrored.name ? [] : ['name']),
    ...(allowed.identityType === mirrored.identityType ? [] : ['identity_type']),
    ...[...keptKeys]
      .filter((key) => !sameValue(wanted.get(key)?.value, identity.properties.get(key)?.value))
      .map(propertyField),
  ];
  return { mirrored: allowed, owned: new Set([...owned].filter((key) => !keptKeys.has(key))), kept };
}

/** A record whose age nobody knows cannot be shown to be newer. */
function localWins(owner: FieldOwner, { at }: FieldOrigin, updatedAt: Date | null): boolean {
  if (owner === 'source_wins') return false;
  return owner === 'local_wins' || updatedAt === null || new Date(at) > updatedAt;
}

export const hasPolicies = (policies: FieldPolicies | undefined): policies is FieldPolicies =>
  policies !== undefined && Object.values(policies).some((owner) => owner !== 'source_wins');

/** A record is looked at again when the policies change: its hash is of both. */
export function hashUnder(policies: FieldPolicies | undefined, hash: Buffer): Buffer {
  if (!hasPolicies(policies)) return hash;
  const sorted = Object.entries(policies).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(hash).update(JSON.stringify(sorted)).digest();
}

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
