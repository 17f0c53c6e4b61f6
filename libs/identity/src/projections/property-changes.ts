import type { Identity, LiveIdentity } from '../identity.state.js';
import { filterText } from './identity.row.js';

/** How the filterable rows of one identity change. */
export interface PropertyChanges {
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly removed: readonly string[];
}

/** The same map before and after means that the events touched no property. */
export function propertyChanges(before: Identity, after: LiveIdentity): PropertyChanges {
  if (before.status === 'live' && before.properties === after.properties) return { set: [], removed: [] };
  const was = filterable(before);
  const is = filterable(after);
  return {
    set: [...is].filter(([key, value]) => was.get(key) !== value),
    removed: [...was.keys()].filter((key) => !is.has(key)),
  };
}

/** As `propertyChanges`, for an identity that was deleted and came back: every row gets its new place in the order. */
export const rebornProperties = (before: Identity, after: LiveIdentity): PropertyChanges => ({
  set: [...filterable(after)],
  removed: propertyChanges(before, after).removed,
});

/** An identity's properties as `identity_properties` holds them: key and text. */
export function filterable(identity: Identity): Map<string, string> {
  const rows = new Map<string, string>();
  if (identity.status !== 'live') return rows;
  for (const property of identity.properties.values()) {
    const text = filterText(property);
    if (text !== undefined) rows.set(property.key, text);
  }
  return rows;
}
