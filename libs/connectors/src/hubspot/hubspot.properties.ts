import type { HubSpotContext } from './hubspot.client.js';
import { DEFAULT_PROPERTIES } from './hubspot.mapping.js';
import type { HubSpotTable } from './hubspot.settings.js';

export const DATE_PROPERTY = { contacts: 'lastmodifieddate', companies: 'hs_lastmodifieddate' } as const;

/** What is asked for of each record: what the default mapping reads, what the settings add, and what we need. */
export function propertiesOf({ config }: HubSpotContext, stream: HubSpotTable): string[] {
  const wanted = [...DEFAULT_PROPERTIES[stream], ...(config.properties[stream] ?? [])];
  return [...new Set([...wanted, 'hs_merged_object_ids', DATE_PROPERTY[stream]])];
}

/** What a listing asks for whose records are read apart, with every property. */
export const IDS_ONLY = ['hs_object_id'];

/** The whole query is not much longer than this: there is a position in it, and a page size. */
export function fitsUrl(properties: readonly string[]): boolean {
  return new URLSearchParams({ properties: properties.join(',') }).toString().length <= MAX_URL_LIST;
}

/** HubSpot takes this many characters as the body of a search. */
export function fitsSearch(body: object): boolean {
  return JSON.stringify(body).length <= 3_000;
}

/**
 * HubSpot documents no longest URL: people report 414 from 8,000 characters on (dlt-hub/verified-sources#311,
 * airweave-ai/airweave#1064), others only from 16,200 (PostHog/posthog#31617).
 */
const MAX_URL_LIST = 7_500;
