import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MappedIdentity } from '#connectors';
import type { Decision } from '#event-sourcing';
import {
  IdentifierKey,
  type Identity,
  type IdentityEvent,
  IdentityName,
  type IdentityProperty,
  IdentityTypeShape,
  PropertyList,
  replaceIdentity,
} from '#identity';

/** What an identity has to be, by a record and its mapping: the API's own rules hold for CRMs as well. */
export const mirroredIdentitySchema = z.strictObject({
  identifierKey: IdentifierKey,
  name: IdentityName,
  identityType: IdentityTypeShape,
  properties: PropertyList,
});

export interface MirroredIdentity extends Omit<MappedIdentity, 'properties'> {
  readonly properties: readonly IdentityProperty[];
}

/** Makes the identity what the record says. Properties that the mapping does not own stay as they are. */
export const mirrorIdentity =
  (
    identityId: string,
    mirrored: MirroredIdentity,
    owned: ReadonlySet<string>,
  ): Decision<Identity, IdentityEvent> =>
  (identity) => {
    const held = identity.status === 'live' ? [...identity.properties.values()] : [];
    const untouched = held.filter(({ key }) => !owned.has(key));
    const properties = [...untouched, ...mirrored.properties];
    return replaceIdentity(identityId, { ...mirrored, properties })(identity);
  };

/** The same for two records that mirror the same, whatever the order of their properties. */
export function contentHash({ properties, ...fields }: MirroredIdentity): Buffer {
  const sorted = [...properties].sort((a, b) => (a.key < b.key ? -1 : 1));
  return createHash('sha256')
    .update(canonical({ ...fields, properties: sorted }))
    .digest();
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}
