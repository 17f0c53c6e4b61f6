import { z } from 'zod';
import { rateSpecsSchema } from '../port/call-context.js';

export const ODOO_TABLES = ['partners'] as const;
export type OdooTable = (typeof ODOO_TABLES)[number];

const fieldNames = z
  .array(z.string().regex(/^[a-z][a-z0-9_]*$/, 'an Odoo field name has lower-case letters, digits and _'))
  .max(200)
  .default([]);

export const odooConfigSchema = z
  .strictObject({
    /** The Odoo itself, without a path: there is no common host. */
    baseUrl: z.url(),
    /** Needed where one server has several databases, and for JSON-RPC. */
    database: z.string().min(1).max(200).optional(),
    /** JSON-2 came with Odoo 19; older ones speak JSON-RPC. */
    protocol: z.enum(['json-2', 'json-rpc']).default('json-2'),
    /** Whose key it is: JSON-RPC wants the user's login beside it. */
    login: z.string().min(1).max(200).optional(),
    /** Fields of `res.partner` to read beside the default ones, so that a mapping can use them. */
    fields: fieldNames,
    /** The same for yes-or-no fields, whose `false` means no; in all others it means nothing. */
    booleanFields: fieldNames,
    pageSize: z.int().min(1).max(2_000).default(500),
    /** How far an incremental run looks behind its cursor: as long as Odoo's longest transactions. */
    lookbackSeconds: z.int().min(0).max(86_400).default(600),
    /** How much this server can bear, in place of what we hold to by ourselves. */
    limits: rateSpecsSchema.optional(),
  })
  .refine((config) => config.protocol === 'json-2' || (config.database && config.login), {
    message: 'protocol json-rpc needs database and login',
  });

export const odooSecretsSchema = z.strictObject({
  /** An API key of the user that Rollcall is to be. */
  accessToken: z.string().min(1),
  /** The last part of the webhook's path: Odoo signs nothing. */
  webhookSecret: z.string().min(16).optional(),
  /** Still accepted while a rotation is under way. */
  previousWebhookSecrets: z.array(z.string().min(16)).max(3).optional(),
});

export type OdooConfig = z.output<typeof odooConfigSchema>;
export type OdooSecrets = z.output<typeof odooSecretsSchema>;
