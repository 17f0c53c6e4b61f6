import { z } from 'zod';
import type { Values } from './declarative.client.js';
import type { Manifest, ManifestField } from './manifest.schema.js';

/** The settings of a manifest as the schema that connections are checked with. */
export function settingsSchema({ settings }: Manifest): z.ZodType<Values> {
  return z.strictObject(shapeOf(settings));
}

/** Its secrets; OAuth brings those of its own. */
export function secretsSchema({ secrets, auth }: Manifest): z.ZodType<Values> {
  if (auth.type !== 'oauth2_refresh') return z.strictObject(shapeOf(secrets));
  const text = z.string().min(1);
  const kept = Object.fromEntries(Object.keys(auth.keep).map((name) => [name, text.optional()]));
  return z
    .strictObject({
      ...shapeOf(secrets),
      ...kept,
      clientId: text,
      clientSecret: text,
      refreshToken: text.optional(),
      accessToken: text.optional(),
    })
    .refine((given) => given.accessToken ?? given.refreshToken, {
      message: 'an accessToken or a refreshToken is needed',
    });
}

function shapeOf(fields: Readonly<Record<string, ManifestField>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]));
}

function schemaOf(field: ManifestField): z.ZodType {
  const described = TYPES[field.type]().meta({
    ...(field.label ? { title: field.label } : {}),
    ...(field.description ? { description: field.description } : {}),
  });
  if (field.default !== undefined) return described.default(field.default);
  return field.required ? described : described.optional();
}

const TYPES: Readonly<Record<ManifestField['type'], () => z.ZodType>> = {
  string: () => z.string().min(1),
  url: () => z.url({ protocol: /^https?$/, error: 'expected a URL such as https://crm.example.com' }),
  integer: () => z.int(),
  number: () => z.number(),
  boolean: () => z.boolean(),
  strings: () => z.array(z.string().min(1)),
};
