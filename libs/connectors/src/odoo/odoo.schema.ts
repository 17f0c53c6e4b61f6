import { z } from 'zod';

/** Odoo says nothing by `false`. */
const text = z.union([z.string(), z.literal(false)]).nullish();
const reference = z
  .union([z.tuple([z.int(), z.string()]).rest(z.unknown()), z.int(), z.literal(false)])
  .nullish();

/** Loose on purpose: which other fields come is a matter of settings and modules. */
export const partnerSchema = z.looseObject({
  id: z.int().positive(),
  name: text,
  email: text,
  is_company: z.boolean().optional(),
  active: z.boolean().optional(),
  parent_id: reference,
  write_date: text,
});

/** Records stay unknown here, so that a bad one rejects itself and not its page. */
export const rowsSchema = z.array(z.unknown());

export const idsSchema = z.array(z.looseObject({ id: z.int().positive() }));

export const fieldsSchema = z.record(
  z.string(),
  z.looseObject({
    type: z.string(),
    string: text,
    help: text,
    selection: z.array(z.tuple([z.union([z.string(), z.number()]), z.string()]).rest(z.unknown())).optional(),
    store: z.boolean().optional(),
  }),
);

export const parameterSchema = z.union([z.string(), z.literal(false)]);

/** `debug` is a traceback with other people's data: it is never read. */
export const errorSchema = z.looseObject({ name: z.string() });

export const rpcSchema = z.looseObject({
  jsonrpc: z.literal('2.0'),
  result: z.unknown().optional(),
  error: z.looseObject({ data: errorSchema.optional() }).optional(),
});

export const webhookSchema = z.looseObject({
  _model: z.string().min(1),
  _id: z.int().positive(),
  _action: z.string().optional(),
  write_date: text,
});

export type OdooPartner = z.output<typeof partnerSchema>;
export type OdooHint = z.output<typeof webhookSchema>;
