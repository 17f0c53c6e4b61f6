import { z } from 'zod';
import { DATE_FORMATS } from './date-format.js';

const template = z.string().min(1).max(1_000);
const keys = z.array(template).min(1).max(5);

/** A piece of what is signed; a header is `header:name`, fixed text `literal:text`. */
const part = z.union(
  [z.enum(['method', 'url', 'body', 'timestamp', 'key']), z.string().regex(/^(header|literal):./s)],
  { error: 'expected method, url, body, timestamp, key, header:<name> or literal:<text>' },
);

/** How a delivery proves where it comes from; any of the keys will do, so that they can be changed one by one. */
export const verificationSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['hmac', 'hash']),
    alg: z.enum(['sha1', 'sha256', 'sha512']),
    keys,
    keyEncoding: z.enum(['utf8', 'hex', 'base64']).default('utf8'),
    keyPrefix: z.string().optional(),
    parts: z.array(part).min(1).default(['body']),
    encoding: z.enum(['hex', 'base64']),
    header: z.string().min(1),
    prefix: z.string().optional(),
    /** The header holds several signatures with this between them. */
    separator: z.string().min(1).optional(),
    /** The header is base64 of a text, in which the signature comes behind this. */
    wrapped: z.strictObject({ after: z.string().min(1) }).optional(),
    timestamp: z
      .strictObject({
        header: z.string().min(1),
        unit: z.enum(['s', 'ms', 'iso']),
        toleranceS: z.int().min(1).max(86_400).default(300),
      })
      .optional(),
  }),
  z.strictObject({ type: z.literal('basic'), username: template, passwords: keys }),
  z.strictObject({ type: z.literal('path'), keys }),
  z.strictObject({ type: z.literal('none') }),
]);

const signalSchema = z.strictObject({
  stream: z.string().min(1),
  id: template,
  kind: z.enum(['upsert', 'delete', 'merge', 'restore']),
  mergedInto: template.optional(),
  erase: z.boolean().default(false),
});

export const webhookSchema = z.strictObject({
  verify: verificationSchema,
  signals: z.strictObject({
    /** Where the events lie in the body; a single object there is one event. */
    each: z.string().default(''),
    /** The vendor always sends a list there, even of one. */
    list: z.boolean().default(false),
    /** Which entry of `on` an event belongs to. */
    event: template,
    account: template.optional(),
    occurredAt: z.strictObject({ value: template, format: z.enum(DATE_FORMATS) }).optional(),
    /** Absent: the vendor gives its events no identity, and what they say has to do. */
    dedup: template.optional(),
    origin: template.optional(),
    on: z.record(
      z.string(),
      z.union([signalSchema.transform((signal) => [signal]), z.array(signalSchema).min(1).max(10)]),
    ),
  }),
});

export type Verification = z.output<typeof verificationSchema>;
export type SignedVerification = Extract<Verification, { type: 'hmac' | 'hash' }>;
export type ManifestWebhook = z.output<typeof webhookSchema>;
