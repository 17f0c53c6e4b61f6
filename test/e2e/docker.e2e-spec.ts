import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { describe, expect, it, jest } from '@jest/globals';
import ts from 'typescript';
import { readConfig, settingNames } from '#platform';
import { createTestDatabase } from '../support/databases.js';
import { freshSecretKey, ServiceProcess } from './support/service-process.js';

jest.setTimeout(60_000);

// No suite can count on a Docker engine: what can be known of these files without one is held here.
const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const compose = merged(load(readFileSync('docker-compose.yml', 'utf8'))) as Compose;
const dockerfile = readFileSync('Dockerfile', 'utf8');
const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

describe('docker-compose.yml', () => {
  const { api, worker, postgres, redis } = compose.services as Record<string, Service>;

  it('brings PostgreSQL, Redis, the API and a worker, each with a health check', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['api', 'postgres', 'redis', 'worker']);
    for (const service of Object.values(compose.services)) expect(service.healthcheck?.test).toBeDefined();
    expect([api?.command, worker?.command]).toEqual([
      ['start', '--only', 'api'],
      ['start', '--only', 'worker'],
    ]);
    for (const service of [api, worker]) {
      expect(service?.depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
      });
    }
    for (const service of [postgres, redis]) expect(service?.volumes).toHaveLength(1);
  });

  it('cannot be started without the two secrets, and publishes the API to this machine alone', () => {
    const required = [...readFileSync('docker-compose.yml', 'utf8').matchAll(/\$\{(\w+):\?/g)].map(
      ([, name]) => name,
    );
    expect(new Set(required)).toEqual(new Set(['POSTGRES_PASSWORD', 'ROLLCALL_SECRET_KEY']));
    expect(api?.ports).toEqual(['127.0.0.1:8283:8283']);
    for (const service of [worker, postgres, redis]) expect(service?.ports).toBeUndefined();
  });

  it.each(['api', 'worker'])(
    'gives the %s settings it takes, whether the optional ones are set or not',
    (name) => {
      const environment = compose.services[name]?.environment as Record<string, string>;
      expect(settingNames).toEqual(expect.arrayContaining(Object.keys(environment)));
      const secrets = { POSTGRES_PASSWORD: 'c0ffee', ROLLCALL_SECRET_KEY: freshSecretKey() };
      expect(readConfig(filledIn(environment, secrets))).toMatchObject({
        DATABASE_URL: 'postgres://rollcall:c0ffee@postgres:5432/rollcall',
        REDIS_URL: 'redis://redis:6379',
        HOST: '0.0.0.0',
        PORT: 8283,
      });
      const all = {
        ...secrets,
        ROLLCALL_ADMIN_KEY: 'k'.repeat(20),
        ROLLCALL_PUBLIC_URL: 'https://r.example',
      };
      expect(readConfig(filledIn(environment, all))).toMatchObject({
        ROLLCALL_PUBLIC_URL: 'https://r.example',
      });
    },
  );

  it('waits longer than a drain may take before it kills', () => {
    const drain = /DRAIN_WITHIN_MS = ([\d_]+)/.exec(
      readFileSync('apps/cli/src/start/drain-on-signal.ts', 'utf8'),
    );
    const drainSeconds = Number(drain?.[1]?.replaceAll('_', '')) / 1_000;
    for (const service of [api, worker]) {
      expect(Number.parseInt(service?.stop_grace_period ?? '', 10)).toBeGreaterThan(drainSeconds);
    }
  });

  it('asks a health check that knows well from ill', async () => {
    const database = await createTestDatabase();
    const service = await ServiceProcess.start({
      env: { DATABASE_URL: database.url, ROLLCALL_SECRET_KEY: freshSecretKey() },
      args: ['--only', 'worker'],
    });
    expect(await runCheck(worker as Service, service.url)).toBe(0);
    await service.stop();
    expect(await runCheck(api as Service, service.url)).toBe(1);
    await database.drop();
  });
});

describe('the Dockerfile', () => {
  it('copies what is there, and starts what is built', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from|\. )(.+) \S+$/gm)].flatMap(([, from = '']) =>
      from.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    for (const source of copied) expect([source, existsSync(source)]).toEqual([source, true]);
    // Read at run time, so that no import speaks for them.
    for (const folder of ['prisma/migrations', 'libs/connectors/manifests'])
      expect(dockerfile).toContain(`\nCOPY ${folder} ${folder}\n`);
    const [, entry = ''] = /^ENTRYPOINT \["node", "(.+)"\]$/m.exec(dockerfile) ?? [];
    expect(existsSync(entry)).toBe(true);
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it('installs every package that runs: nothing outside of tests imports another', () => {
    const runtime = new Set(Object.keys(packageJson.dependencies));
    const foreign = builtFiles().flatMap((file) =>
      packagesIn(readFileSync(file, 'utf8'))
        .filter((name) => !runtime.has(name))
        .map((name) => `${file} imports ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  it('has a lock in the order that npm gives it: installing leaves it as it is', () => {
    const names = Object.keys(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages);
    expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, 'en')));
  });

  it('leaves the query compiler of PostgreSQL where Prisma looks for it', () => {
    expect(dockerfile).toContain("-name 'query_compiler_*' ! -name '*.postgresql.*' -delete");
    const client = readFileSync('dist/prisma/generated/internal/class.js', 'utf8');
    const loaded = [...client.matchAll(/@prisma\/client\/runtime\/(query_compiler_[^"']+)/g)].map(
      ([, file]) => file,
    );
    expect(loaded.length).toBeGreaterThan(0);
    for (const file of loaded) expect(file).toContain('.postgresql.');
  });
});

interface Compose {
  readonly services: Record<string, Service>;
}

interface Service {
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly depends_on?: unknown;
  readonly healthcheck?: { readonly test: string[] };
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly stop_grace_period?: string;
}

/** YAML's merge key, which Compose knows and YAML 1.2 parsers leave alone. */
function merged(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const { '<<': base, ...own } = value as Record<string, unknown>;
  const entries = Object.entries({ ...(base as object | undefined), ...own });
  return Object.fromEntries(entries.map(([name, inner]) => [name, merged(inner)]));
}

/** As Compose does: `${NAME:?…}` and `${NAME:-}`; and the image's own environment beneath. */
function filledIn(
  environment: Record<string, string>,
  given: Record<string, string>,
): Record<string, string> {
  const filled = Object.entries(environment).map(([name, text]) => [
    name,
    String(text).replaceAll(/\$\{(\w+):[?-][^}]*\}/g, (_, variable: string) => given[variable] ?? ''),
  ]);
  const image =
    /^ENV (.*)$/m
      .exec(dockerfile)?.[1]
      ?.split(' ')
      .map((pair) => pair.split('=')) ?? [];
  return Object.fromEntries([...image, ...filled]);
}

async function runCheck({ healthcheck }: Service, url: string): Promise<number | null> {
  const [kind, program = '', ...args] = healthcheck?.test ?? [];
  expect(kind).toBe('CMD');
  const here = args.map((arg) => arg.replace('http://127.0.0.1:8283', url));
  const child = spawn(program, here, { stdio: 'inherit' });
  await once(child, 'exit');
  return child.exitCode;
}

/** What `npm start` can reach: the build without fakes, contracts and test doubles. */
const builtFiles = (): string[] =>
  ['dist/apps', 'dist/libs', 'dist/prisma'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((file) => `${root}/${file}`)
      .filter((file) => file.endsWith('.js') && !/\/(testing|fake)\/|[.-]contract\.js$|spec\.js$/.test(file)),
  );

const packagesIn = (source: string): string[] =>
  ts
    .preProcessFile(source)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => !/^[.#]/.test(specifier) && !isBuiltin(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
