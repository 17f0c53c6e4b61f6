import { z } from 'zod';
import { connectionPoliciesSchema } from '#sync';

const VARIABLE = /^\$\{([A-Za-z_]\w*)\}$/;
const FILE = /^file:(.+)$/s;

/** Where a secret is to be found; the secret itself never stands in the file. */
const reference = z.string().transform((text, context): { variable: string } | { file: string } => {
  const [, variable] = VARIABLE.exec(text) ?? [];
  if (variable !== undefined) return { variable };
  const [, file] = FILE.exec(text) ?? [];
  if (file !== undefined) return { file };
  context.addIssue({
    code: 'custom',
    input: undefined,
    message:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a person has to write.
      'expected a reference, ${ENVIRONMENT_VARIABLE} or file:PATH; a secret does not belong into a file that is shared',
  });
  return z.NEVER;
});
export type SecretReference = z.output<typeof reference>;

const schedule = z
  .union([
    z.strictObject({
      every_seconds: z.int().optional(),
      cron: z.string().optional(),
      time_zone: z.string().optional(),
    }),
    z.literal('never'),
  ])
  .transform((given) => {
    const { every_seconds = null, cron = null, time_zone = 'UTC' } = given === 'never' ? {} : given;
    return { every_seconds, cron, time_zone };
  });

export const declaredConnection = z.strictObject({
  name: z.string().trim().min(1).max(128),
  kind: z.string().min(1).max(64),
  project_id: z.string().min(1).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  secrets: z.record(z.string(), z.union([reference, z.array(reference)])).optional(),
  /** For each stream a document, or the file it is in. */
  mapping: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.unknown())])).optional(),
  schedule: schedule.optional(),
  policies: connectionPoliciesSchema.optional(),
  paused: z.boolean().optional(),
});

/** `rollcall.yaml`. A part that is left out stays as it is; one that is there is exactly what is written. */
export const declarationSchema = z
  .strictObject({ version: z.literal(1), connections: z.array(declaredConnection).default([]) })
  .superRefine(({ connections }, context) => {
    const names = connections.map(({ name }) => name);
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({
          code: 'custom',
          path: ['connections', index, 'name'],
          message: `expected another name: connections.${names.indexOf(name)} has it already`,
        });
  });

export type DeclaredConnection = z.output<typeof declaredConnection>;
