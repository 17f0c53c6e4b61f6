import { z } from 'zod';
import { rateSpecsSchema } from '../port/call-context.js';

export const SALESFORCE_TABLES = ['contacts', 'accounts', 'leads'] as const;
export type SalesforceTable = (typeof SALESFORCE_TABLES)[number];

/** A query travels in the URL, which may have 16,384 bytes, and lists of ids need room beside the names. */
const MAX_FIELD_LIST = 6_000;

/** Names reach SOQL as they are, so nothing but a name gets through; `Account.Name` reads from a parent. */
const fieldNames = z
  .array(
    z
      .string()
      .regex(/^[A-Za-z]\w{0,79}(\.[A-Za-z]\w{0,79}){0,4}$/, 'a field is an API name such as My_Field__c'),
  )
  .max(200)
  .default([])
  .refine((names) => names.join(',').length <= MAX_FIELD_LIST, {
    message: `the names together must not be longer than ${MAX_FIELD_LIST} characters`,
  });
const fieldsPerTable = z
  .strictObject({ contacts: fieldNames, accounts: fieldNames, leads: fieldNames })
  .partial()
  .default({});

export const salesforceConfigSchema = z.strictObject({
  /** Where tokens are asked for: My Domain, login.salesforce.com or test.salesforce.com. */
  loginUrl: z.url().default('https://login.salesforce.com'),
  /** Needed beside a fixed access token; a token response names its own. */
  instanceUrl: z.url().optional(),
  apiVersion: z
    .string()
    .regex(/^v\d{2,3}\.0$/)
    .default('v62.0'),
  /** What a JWT is made out to, when it is neither production nor what `loginUrl` says. */
  audience: z.url().optional(),
  /** Fields to read beside the default ones, so that a mapping can use them. */
  fields: fieldsPerTable,
  /** Default fields to leave alone, because field-level security hides them. */
  omitFields: fieldsPerTable,
  pageSize: z.int().min(1).max(2_000).default(1_000),
  /** How far an incremental run looks behind its cursor, because long transactions commit late. */
  lookbackSeconds: z.int().min(0).max(86_400).default(600),
  /** How far back each run looks for deletions: the recycle bin keeps 15 days. */
  deletionsDays: z.int().min(1).max(60).default(15),
  /** What this org may be asked, in place of what we hold to by ourselves. */
  limits: rateSpecsSchema.optional(),
});

const webhookSecret = z
  .string()
  .regex(/^[\w-]{16,200}$/, 'at least 16 letters, digits, - or _, as it is part of a URL');

export const salesforceSecretsSchema = z
  .strictObject({
    accessToken: z.string().min(1).optional(),
    /** Comes with each new token, and is kept with it. */
    instanceUrl: z.url().optional(),
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    refreshToken: z.string().min(1).optional(),
    /** For the JWT bearer flow: the user to act as, and the PEM key of the app's certificate. */
    username: z.string().min(1).optional(),
    privateKey: z.string().min(1).optional(),
    /** The last part of the webhook URL: Outbound Messages carry no signature. */
    webhookSecret: webhookSecret.optional(),
    /** Still accepted while a rotation is under way. */
    previousWebhookSecrets: z.array(webhookSecret).max(3).optional(),
  })
  .refine((secrets) => secrets.accessToken || grantOf(secrets), {
    message:
      'an accessToken is needed, or clientId with a refreshToken, with clientSecret, or with username and privateKey',
  });

export type SalesforceConfig = z.output<typeof salesforceConfigSchema>;
export type SalesforceSecrets = z.output<typeof salesforceSecretsSchema>;
export type SalesforceGrant = 'refresh_token' | 'jwt_bearer' | 'client_credentials';

/** How a new access token can be had; null: a person has to enter one. */
export function grantOf(
  secrets: Partial<Record<'clientId' | 'clientSecret' | 'refreshToken' | 'username' | 'privateKey', string>>,
): SalesforceGrant | null {
  if (!secrets.clientId) return null;
  if (secrets.refreshToken) return 'refresh_token';
  if (secrets.username && secrets.privateKey) return 'jwt_bearer';
  return secrets.clientSecret ? 'client_credentials' : null;
}

/** What the connected app's token has to be allowed to do. */
export const SALESFORCE_SCOPES = ['api', 'refresh_token'] as const;
