import { z } from 'zod';
import { rateSpecsSchema } from '../port/call-context.js';

export const PIPEDRIVE_TABLES = ['persons', 'organizations'] as const;
export type PipedriveTable = (typeof PIPEDRIVE_TABLES)[number];

export const pipedriveConfigSchema = z.strictObject({
  /** Where a personal API token is used; with OAuth the token's own `api_domain` comes first. */
  baseUrl: z.url().default('https://api.pipedrive.com'),
  /** The host of the token endpoint. */
  oauthUrl: z.url().default('https://oauth.pipedrive.com'),
  /** Which release of the field lists to ask for discovery. */
  fieldsVersion: z.enum(['v1', 'v2']).default('v2'),
  pageSize: z.int().min(1).max(500).default(500),
  /** How far an incremental run looks behind its cursor. */
  lookbackSeconds: z.int().min(0).max(86_400).default(300),
  /** The plan's own call limits, in place of the smallest one's. */
  limits: rateSpecsSchema.optional(),
});

export const pipedriveSecretsSchema = z
  .strictObject({
    /** A personal API token, or the current OAuth access token. */
    accessToken: z.string().min(1).optional(),
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    refreshToken: z.string().min(1).optional(),
    /** The company's own host, which each refresh names anew. */
    apiDomain: z.url().optional(),
    /** What Pipedrive sends with each webhook, by HTTP Basic authentication. */
    webhookUser: z.string().min(1).default('rollcall'),
    webhookPassword: z.string().min(1).optional(),
    /** Still accepted while a rotation is under way. */
    previousWebhookPasswords: z.array(z.string().min(1)).max(3).optional(),
  })
  .refine((secrets) => secrets.accessToken || secrets.refreshToken, {
    message: 'an accessToken, or clientId, clientSecret and refreshToken, are needed',
  })
  .refine((secrets) => !secrets.refreshToken || (secrets.clientId && secrets.clientSecret), {
    message: 'a refreshToken needs clientId and clientSecret beside it',
  });

export type PipedriveConfig = z.output<typeof pipedriveConfigSchema>;
export type PipedriveSecrets = z.output<typeof pipedriveSecretsSchema>;

/** What an OAuth app has to be allowed; a personal token may do what its user may. */
export const PIPEDRIVE_SCOPES = ['base', 'contacts:read'] as const;
