import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import {
  compileMapping,
  connectorById,
  InvalidMappingError,
  mappingSchema,
  type ParsedMapping,
} from '#connectors';
import { requireSchedule } from '#sync';
import { type DeclaredConnection, declarationSchema, type SecretReference } from './declaration.schema.js';
import { type Fault, InvalidFileError, YamlSource } from './yaml-source.js';

/** A connection as it is declared, with its mappings and secrets read from where the file says they are. */
export interface WantedConnection extends Omit<DeclaredConnection, 'mapping' | 'secrets'> {
  readonly mapping?: Readonly<Record<string, ParsedMapping>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
}

/** Everything that can be known wrong without the service is said at once. @throws InvalidFileError */
export async function readDeclaration(
  source: YamlSource,
  env: NodeJS.ProcessEnv,
): Promise<readonly WantedConnection[]> {
  const parsed = declarationSchema.safeParse(source.value);
  if (!parsed.success)
    throw new InvalidFileError(faultsOf(parsed.error).map((fault) => source.describe(fault)));
  const reader = new DeclarationReader(source, env);
  const wanted: WantedConnection[] = [];
  for (const [index, declared] of parsed.data.connections.entries())
    wanted.push(await reader.read(declared, index));
  if (reader.faults.length > 0) throw new InvalidFileError(reader.faults);
  return wanted;
}

class DeclarationReader {
  readonly faults: string[] = [];

  constructor(
    private readonly source: YamlSource,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async read(
    { mapping, secrets, ...declared }: DeclaredConnection,
    index: number,
  ): Promise<WantedConnection> {
    const at = ['connections', index];
    const before = this.faults.length;
    const wanted = {
      ...declared,
      ...(mapping && { mapping: await this.mappings(mapping, [...at, 'mapping']) }),
      ...(secrets && { secrets: this.secrets(secrets, [...at, 'secrets']) }),
    };
    // Secrets that are missing have been spoken of.
    this.judgeByKind(this.faults.length > before ? { ...wanted, secrets: undefined } : wanted, at);
    this.judgeSchedule(wanted, at);
    return wanted;
  }

  private secrets(declared: NonNullable<DeclaredConnection['secrets']>, at: PropertyKey[]) {
    return Object.fromEntries(
      Object.entries(declared).map(([name, given]) => [
        name,
        Array.isArray(given)
          ? given.map((reference, index) => this.secret(reference, [...at, name, index]))
          : this.secret(given, [...at, name]),
      ]),
    );
  }

  private secret(reference: SecretReference, at: PropertyKey[]): string {
    if ('variable' in reference) {
      const value = this.env[reference.variable];
      if (!value) this.fault(at, `the environment variable ${reference.variable} is not set`);
      return value ?? '';
    }
    try {
      return readFileSync(this.besides(reference.file), 'utf8').trimEnd();
    } catch (error) {
      this.fault(
        at,
        `${reference.file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`,
      );
      return '';
    }
  }

  private async mappings(declared: NonNullable<DeclaredConnection['mapping']>, at: PropertyKey[]) {
    const documents: [string, ParsedMapping][] = [];
    for (const [stream, given] of Object.entries(declared)) {
      const document = await this.mapping(given, [...at, stream]);
      if (document) documents.push([stream, document]);
    }
    return Object.fromEntries(documents);
  }

  private async mapping(
    given: string | Record<string, unknown>,
    at: PropertyKey[],
  ): Promise<ParsedMapping | null> {
    if (typeof given !== 'string') return this.document(given, this.source, at);
    try {
      const source = YamlSource.read(this.besides(given));
      return await this.document(source.value, source, []);
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      this.faults.push(...error.faults);
      return null;
    }
  }

  private async document(
    value: unknown,
    source: YamlSource,
    at: PropertyKey[],
  ): Promise<ParsedMapping | null> {
    const add = (fault: Fault) =>
      this.faults.push(source.describe({ ...fault, path: [...at, ...fault.path] }));
    const parsed = mappingSchema.safeParse(value);
    if (!parsed.success) {
      faultsOf(parsed.error).forEach(add);
      return null;
    }
    try {
      await compileMapping(parsed.data);
    } catch (error) {
      if (!(error instanceof InvalidMappingError)) throw error;
      for (const { field, reason } of error.errors)
        add({ path: pathOf(field, parsed.data), message: reason });
    }
    return parsed.data;
  }

  /** What this version knows of the kind; a kind that only the service knows is judged there. */
  private judgeByKind(
    { kind, settings, secrets }: Pick<WantedConnection, 'kind' | 'settings'> & { readonly secrets?: unknown },
    at: PropertyKey[],
  ): void {
    const connector = connectorById(kind);
    if (!connector) return;
    const { configSchema, secretsSchema } = connector.descriptor;
    if (settings) this.judge(configSchema, settings, [...at, 'settings']);
    if (secrets) this.judge(secretsSchema, secrets, [...at, 'secrets']);
  }

  private judge(schema: z.ZodType, value: unknown, at: PropertyKey[]): void {
    const parsed = schema.safeParse(value);
    if (!parsed.success)
      for (const fault of faultsOf(parsed.error))
        this.faults.push(this.source.describe({ ...fault, path: [...at, ...fault.path] }));
  }

  private judgeSchedule({ schedule }: WantedConnection, at: PropertyKey[]): void {
    if (!schedule) return;
    try {
      const { every_seconds: everySeconds, cron, time_zone: timeZone } = schedule;
      requireSchedule({ everySeconds, cron, timeZone });
    } catch (error) {
      const [, field = '', message = String(error)] = /^(\w+): (.*)$/s.exec((error as Error).message) ?? [];
      this.fault([...at, 'schedule', field], message);
    }
  }

  private fault(at: PropertyKey[], message: string): void {
    this.faults.push(this.source.describe({ path: at, message }));
  }

  private besides(file: string): string {
    return path.resolve(path.dirname(this.source.file), file);
  }
}

/** Where zod found something; a key that nobody knows is pointed at itself. */
const faultsOf = (error: z.ZodError): Fault[] => error.issues.flatMap((issue) => faultsIn(issue, []));

function faultsIn(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Fault[] {
  const at = [...before, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...at, key], message: 'there is no such key', atKey: true }));
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors);
    if (branch) return branch.flatMap((inner) => faultsIn(inner, at));
  }
  return [{ path: at, message: issue.message }];
}

/** Of alternatives, the one that was meant: whose kind of value it is. */
const likeliest = (branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined =>
  branches.find((issues) =>
    issues.every(
      ({ code, path: at }) => at.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value'),
    ),
  );

/** `properties.<key>` is an entry of a list. */
function pathOf(field: string, { properties }: ParsedMapping): PropertyKey[] {
  const index = properties.findIndex(({ key }) => field === `properties.${key}`);
  return index < 0 ? [field] : ['properties', index, 'value'];
}
