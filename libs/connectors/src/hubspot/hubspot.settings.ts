import { z } from 'zod';
import { rateSpecsSchema } from '../port/call-context.js';

export const HUBSPOT_TABLES = ['contacts', 'companies'] as const;
export type HubSpotTable = (typeof HUBSPOT_TABLES)[number];

/** HubSpot answers with every one of them for every record of a page, null or not. */
const MAX_PROPERTIES = 3_000;

const VERSION = /^(v3|\d{4}-\d{2}(-beta)?)$/;

const propertyNames = z
  .array(z.string().regex(/^[a-z0-9_]+$/, 'a HubSpot property name has lower-case letters, digits and _'))
  .max(MAX_PROPERTIES)
  .default([]);

const associatedTypes = z
  .array(
    z.string().regex(/^[a-z0-9_-]+$/, 'an object type is a name such as companies, or an id such as 2-123'),
  )
  .max(5);

export const hubSpotConfigSchema = z.strictObject({
  baseUrl: z.url().default('https://api.hubapi.com'),
  /** A dated version such as `2026-09`, or `v3`. */
  apiVersion: z.string().regex(VERSION).default('2026-09'),
  /** The account API has its own releases. */
  accountApiVersion: z.string().regex(VERSION).default('2026-03'),
  /** The token endpoint: a dated version, or `v1`. */
  oauthApiVersion: z
    .string()
    .regex(/^(v1|\d{4}-\d{2})$/)
    .default('2026-03'),
  /** A dated version, or `v4`. */
  associationsApiVersion: z
    .string()
    .regex(/^(v4|\d{4}-\d{2})$/)
    .default('2026-03'),
  /** Which associations a mapping sees as `associations.<type>`: one request more for each page and type. */
  associations: z
    .strictObject({
      contacts: associatedTypes.default(['companies']),
      companies: associatedTypes.default([]),
    })
    .prefault({}),
  /** Properties to read beside the default ones, so that a mapping can use them. */
  properties: z.strictObject({ contacts: propertyNames, companies: propertyNames }).partial().default({}),
  /** How far an incremental run looks behind its cursor, because the search index lags behind writes. */
  lookbackSeconds: z.int().min(0).max(86_400).default(300),
  /** The account's own call limits, in place of the smallest that HubSpot sells. */
  limits: rateSpecsSchema.optional(),
});

export const hubSpotSecretsSchema = z
  .strictObject({
    /** Service key, private app token, or the current OAuth access token. */
    accessToken: z.string().min(1).optional(),
    clientId: z.string().min(1).optional(),
    /** Signs webhooks, and refreshes OAuth tokens. */
    clientSecret: z.string().min(1).optional(),
    /** Still accepted on webhooks while a rotation is under way. */
    previousClientSecrets: z.array(z.string().min(1)).max(3).optional(),
    refreshToken: z.string().min(1).optional(),
  })
  .refine((secrets) => secrets.accessToken || secrets.refreshToken, {
    message: 'an accessToken, or clientId, clientSecret and refreshToken, are needed',
  })
  .refine((secrets) => !secrets.refreshToken || (secrets.clientId && secrets.clientSecret), {
    message: 'a refreshToken needs clientId and clientSecret beside it',
  });

export type HubSpotConfig = z.output<typeof hubSpotConfigSchema>;
export type HubSpotSecrets = z.output<typeof hubSpotSecretsSchema>;

/** What a connection's token has to be allowed to do. */
export const HUBSPOT_SCOPES = [
  'oauth',
  'crm.objects.contacts.read',
  'crm.objects.companies.read',
  'crm.schemas.contacts.read',
  'crm.schemas.companies.read',
] as const;
