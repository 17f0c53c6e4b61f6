import { Command } from 'commander';
import { z } from 'zod';
import { SECRET_COMPARISONS } from '#sync';
import { ApiClient, ApiRefusedError } from '../api-client.js';
import { type ConnectionAnswer, listConnections } from '../connections/connection-calls.js';
import { listConnectors } from '../connections/connector-calls.js';
import { carryOut } from './carry-out.js';
import { type ConnectionPlan, planChanges, type SecretComparisons } from './plan-changes.js';
import { readDeclaration, type WantedConnection } from './read-declaration.js';
import { showPlan } from './show-plan.js';
import { InvalidFileError, YamlSource } from './yaml-source.js';

interface ApplyOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly check: boolean;
}

/** What a file that cannot be applied ends with; everything else that goes wrong ends with 1. */
const INVALID_FILE = 2;

export const applyCommand = (): Command =>
  new Command('apply')
    .description('make the connections what rollcall.yaml says')
    .option('--file <file>', 'what to apply', 'rollcall.yaml')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--prune', 'remove connections that are not in the file')
    .option('--no-check', 'do not ask the vendors first')
    .action((options: ApplyOptions) =>
      apply(options).catch((error: unknown) => {
        if (!(error instanceof InvalidFileError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = INVALID_FILE;
      }),
    );

async function apply({ file, dryRun, prune = false, check }: ApplyOptions): Promise<void> {
  const source = YamlSource.read(file);
  const wanted = await readDeclaration(source, process.env);
  const api = ApiClient.fromEnvironment();
  const held = await listConnections(api);
  await requirePossible(api, source, wanted, held);
  const secrets = await compareSecrets(api, wanted, held);
  const plans = planChanges(wanted, held, (id) => secrets.get(id) ?? {}, prune);
  process.stdout.write(showPlan(plans));
  if (!dryRun) await carryOutAll(api, plans, check);
}

async function carryOutAll(api: ApiClient, plans: readonly ConnectionPlan[], check: boolean): Promise<void> {
  for (const plan of plans) {
    try {
      await carryOut(api, plan, check);
    } catch (error) {
      // What came before it in the file is done: the next apply goes on from here.
      if (error instanceof ApiRefusedError)
        throw new ApiRefusedError(error.status, `${plan.name}: ${error.detail}`, error.reason);
      throw error;
    }
  }
  process.stdout.write('Applied\n');
}

/** Identities live in the project of their connection, and links belong to its kind: neither can change. */
async function requirePossible(
  api: ApiClient,
  source: YamlSource,
  wanted: readonly WantedConnection[],
  held: readonly ConnectionAnswer[],
): Promise<void> {
  const kinds = (await listConnectors(api)).map(({ kind }) => kind);
  const faults = wanted.flatMap(({ name, kind, project_id, secrets }, index) => {
    const at = (field: string, message: string) =>
      source.describe({ path: ['connections', index, field], message });
    if (!kinds.includes(kind))
      return [at('kind', `there is no such connector; known are ${kinds.join(', ')}`)];
    const before = held.find((connection) => connection.name === name);
    if (!before) return secrets ? [] : [at('secrets', 'expected the secrets of a new connection')];
    return [
      ...(before.kind === kind ? [] : [at('kind', `${name} is a ${before.kind} connection and stays one`)]),
      ...(before.project_id === (project_id ?? null)
        ? []
        : [at('project_id', 'the project of a connection cannot change: its identities live there')]),
    ];
  });
  if (faults.length > 0) throw new InvalidFileError(faults);
}

const Comparison = z.object({ secrets: z.record(z.string(), z.enum(SECRET_COMPARISONS)) });

async function compareSecrets(
  api: ApiClient,
  wanted: readonly WantedConnection[],
  held: readonly ConnectionAnswer[],
): Promise<Map<string, SecretComparisons>> {
  const compared = new Map<string, SecretComparisons>();
  for (const { name, secrets } of wanted) {
    const id = held.find((connection) => connection.name === name)?.id;
    if (id === undefined || !secrets) continue;
    const answer = await api.call('POST', `/v1/connections/${id}/secrets/compare`, Comparison, { secrets });
    compared.set(id, answer.secrets);
  }
  return compared;
}
