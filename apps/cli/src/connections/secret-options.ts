import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { type InputSchema, propertiesOf } from './connector-calls.js';
import { SecretMissingError, secretFrom } from './secret-prompt.js';
import { nameIn, typed } from './typed-input.js';

export interface SecretOption {
  readonly name: string;
  /** Absent: the environment, or a person, is asked. */
  readonly from?: { readonly file: string } | { readonly variable: string };
}

const EXPECTED =
  'expected NAME, NAME=@FILE or NAME=env:VARIABLE; a secret on the command line would stay in the history of the shell';

/** For commander: one more `--secret`. */
export function secretOption(text: string, before: readonly SecretOption[] = []): SecretOption[] {
  const [, name = '', source] = /^([a-z][\w-]*)(?:=(.*))?$/is.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError(EXPECTED);
  if (source === undefined) return [...before, { name }];
  const [, file] = /^@(.+)$/s.exec(source) ?? [];
  if (file !== undefined) return [...before, { name, from: { file } }];
  const [, variable] = /^env:(\w+)$/.exec(source) ?? [];
  if (variable === undefined) throw new InvalidArgumentError(EXPECTED);
  return [...before, { name, from: { variable } }];
}

/** Reads the secrets that were asked for, under the names and types of the connector. */
export async function readSecrets(
  options: readonly SecretOption[],
  schema: InputSchema,
  kind: string,
): Promise<Record<string, unknown>> {
  const secrets: Record<string, unknown> = {};
  for (const option of options) {
    const name = nameIn(schema, option.name);
    secrets[name] = typed(
      await readSecret(option, variableFor(kind, name)),
      propertiesOf(schema)[name]?.type,
    );
  }
  return secrets;
}

/** `HUBSPOT_CLIENT_SECRET` of `clientSecret`. */
export const variableFor = (kind: string, name: string): string =>
  `${kind}_${name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')}`.replaceAll('-', '_').toUpperCase();

async function readSecret({ name, from }: SecretOption, variable: string): Promise<string> {
  if (!from) return secretFrom(undefined, `--secret ${name}=@FILE`, variable, name);
  if ('file' in from) return (await readFile(from.file, 'utf8')).trimEnd();
  const value = process.env[from.variable];
  if (!value) throw new SecretMissingError(`--secret ${name}=@FILE`, from.variable);
  return value;
}
