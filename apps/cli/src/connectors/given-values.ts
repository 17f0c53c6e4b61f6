import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { ManifestField } from '#connectors';

/** `key=value` and `key=@file` of the command line, typed as the manifest says. @throws GivenValuesError */
export async function parseValues(
  option: string,
  given: readonly string[],
  fields: Readonly<Record<string, ManifestField>>,
  schema: z.ZodType,
): Promise<unknown> {
  const values: Record<string, unknown> = {};
  for (const text of given) {
    const [, key = '', value = ''] = /^([a-z]\w*)=(.*)$/is.exec(text) ?? [];
    if (key === '') throw new GivenValuesError(option, ['expected key=value']);
    values[key] = typed(fields[key]?.type, await contentOf(value));
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new GivenValuesError(
    option,
    parsed.error.issues.map(({ path, message }) => [...path.slice(0, 1), message].join(': ')),
  );
}

async function contentOf(value: string): Promise<string> {
  return value.startsWith('@') ? (await readFile(value.slice(1), 'utf8')).trim() : value;
}

function typed(type: ManifestField['type'] | undefined, text: string): unknown {
  switch (type) {
    case 'integer':
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'strings':
      return text.split(',').map((part) => part.trim());
    default:
      return text;
  }
}

class GivenValuesError extends Error {
  override readonly name = 'GivenValuesError';
  readonly code = 'INVALID_OPTION';
  constructor(option: string, faults: readonly string[]) {
    super(`${option}: ${faults.join('; ')}`);
  }
}
