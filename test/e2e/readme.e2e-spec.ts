import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startHubSpotFake } from '#connectors/hubspot/fake';
import { readConfig, settingNames } from '#platform';
import { createTestDatabase, describeWithRedis, type TestDatabase } from '../support/databases.js';
import { eventually, freshAdminKey, freshSecretKey, ServiceProcess } from './support/service-process.js';

jest.setTimeout(120_000);

const read = (file: string): string => readFileSync(file, 'utf8');
const readme = read('README.md');

/** Fenced blocks, as they stand. */
const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
const block = (containing: string, markdown = readme): string => {
  const found = blocksOf(markdown).filter(({ text }) => text.includes(containing));
  if (found.length !== 1) throw new Error(`${found.length} blocks contain ${containing}`);
  return (found[0] as Block).text;
};

/** Commands named in the text: where each of them is run. */
const provenElsewhere: Record<string, [file: string, evidence: string]> = {
  'npm start -- --demo': ['test/e2e/start.e2e-spec.ts', "'--demo'"],
  'npm run fake -- hubspot': ['test/e2e/readme.e2e-spec.ts', "'fake', '--', 'hubspot'"],
  'rollcall rebuild identities': ['test/e2e/readme.e2e-spec.ts', "'--', 'rebuild', 'identities'"],
  'rollcall apply --dry-run': ['test/e2e/apply.e2e-spec.ts', "'--dry-run'"],
  'rollcall connectors check': ['test/e2e/connectors-cli.e2e-spec.ts', "['connectors', 'check'"],
  'rollcall keys create|list|revoke': ['test/e2e/start.e2e-spec.ts', "['keys', 'revoke'"],
};

describe('the README', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterAll(() => world?.close());

  it('has no command that is not run below, by CI or by another suite', () => {
    const known = [
      'npm install\nnpm start',
      'npm test',
      'curl -s',
      "from '@letta-ai/letta-client'",
      'from letta_client',
      'rollcall -- import',
      'rollcall -- connections add',
      "from 'bullmq'",
    ];
    for (const { language, text } of blocksOf(readme).filter((one) => one.language !== '')) {
      expect({ language, text, known: known.filter((start) => text.includes(start)).length }).toMatchObject({
        known: 1,
      });
    }
    const inline = [...readme.matchAll(/`((?:npm|rollcall|docker) [^`]+)`/g)].map(([, command]) => command);
    expect(new Set(inline)).toEqual(new Set(Object.keys(provenElsewhere)));
  });

  it.each(Object.entries(provenElsewhere))('%s is proven elsewhere', (_, [file, evidence]) => {
    expect(read(file)).toContain(evidence);
  });

  it('starts and tests it as CI and these suites do', () => {
    const { scripts } = JSON.parse(read('package.json'));
    expect(scripts).toMatchObject({
      prestart: 'npm run --silent build',
      start: 'node dist/bin/rollcall.js start',
      rollcall: 'node dist/bin/rollcall.js',
    });
    // `npm ci` is `npm install` of exactly the locked versions.
    expect(read('.ci/run')).toMatch(/^step npm ci .*^step npm test$/ms);
  });

  it('shows the greeting as it is', () => {
    const labels = (text: string) =>
      [...text.matchAll(/^ {2}(\S+(?: key)?) {2,}\S/gm)].map(([, label]) => label);
    const [title, ...shown] = block('Rollcall is running').split('\n');
    expect(world.service.greeting.split('\n')[0]).toBe(title);
    expect(labels(shown.join('\n'))).toEqual([...labels(world.service.greeting), 'Admin key']);
  });

  it('curl: creates an identity and finds it by its property', async () => {
    const output = await world.shell(block('curl -s'));
    const [created, found] = output
      .trim()
      .split(/(?<=\})(?=\[)/)
      .map((text) => JSON.parse(text));
    expect(created).toMatchObject({ identifier_key: 'user_1', name: 'Caren' });
    expect(found).toEqual([created]);
  });

  it('TypeScript: upserts, creates and lists with the Letta client, as often as one likes', async () => {
    const example = block("from '@letta-ai/letta-client'");
    for (const _time of ['first', 'again'])
      expect((await world.script(example)).trim().split('\n').sort()).toEqual(['Ada', 'Caren']);
  });

  it.each([
    ['README.md', 'curl -s', /^curl -s \S+\/v1\/identities\/ [\s\S]*?-H 'Idempotency-Key: \S+'[\s\S]*? -d /],
    [
      'README.md',
      "from '@letta-ai/letta-client'",
      /identities\.create\([\s\S]*?headers: \{ 'Idempotency-Key': '\S+' \}/,
    ],
    [
      'README.md',
      'from letta_client',
      /identities\.create\([\s\S]*?extra_headers=\{"Idempotency-Key": "\S+"\}/,
    ],
    [
      'docs/jobs.md',
      "import { Queue } from 'bullmq'",
      /'identity\.create', \{ [\s\S]*?idempotency_key: '\S+' \}/,
    ],
    ['docs/api.md', 'curl --retry', /-H 'Idempotency-Key: \S+'/],
  ])('%s creates with an idempotency key: %s', (file, containing, withKey) => {
    expect(block(containing, read(file))).toMatch(withKey);
  });

  it('Python: asks for what the TypeScript example asks for', () => {
    // The Python SDK is no npm package, so this cannot run here. Both are generated from one API description; what
    // goes over the wire is proven with the TypeScript one. Held here: the same method with the same arguments.
    const python = /client\.identities\.upsert\((.*)\)/.exec(block('from letta_client'))?.[1];
    const typescript = /client\.identities\.upsert\(\{ (.*) \}\)/.exec(block('@letta-ai/letta-client'))?.[1];
    expect(python?.replaceAll(/(\w+)=/g, '$1: ').replaceAll('"', "'")).toBe(typescript);
    const created = /identifier_key="user_2", name="Ada", identity_type="user"/;
    expect(block('from letta_client')).toMatch(created);
    expect(block('@letta-ai/letta-client')).toContain(
      "identifier_key: 'user_2', name: 'Ada', identity_type: 'user'",
    );
  });

  it('imports the S&P 500, and the second time changes nothing', async () => {
    const command = block('rollcall -- import');
    expect(await world.shell(command)).toMatch(/503/);
    expect((await world.send('/v1/identities/count?identity_type=org')).body).toBe(503);
    await world.shell(command);
    const [apple] = (await world.send('/v1/identities/?identifier_key=AAPL')).body;
    expect((await world.send(`/v1/identities/${apple.id}/events`)).body).toHaveLength(1);
  });

  it('connects HubSpot and syncs it', async () => {
    const users = async () => (await world.send('/v1/identities/count?identity_type=user')).body as number;
    const before = await users();
    const fake = await startHubSpotFake({ searchLagMs: 0 });
    fake.account.seed({ contacts: 3, companies: 0 });
    const [add, sync] = block('connections add').trim().split('\n');
    // The very line, pointed at a HubSpot of our own.
    const output = await world
      .shell(`${add} --setting base_url=${fake.url}\n${sync}`, {
        HUBSPOT_TOKEN: fake.token,
        HUBSPOT_CLIENT_SECRET: fake.clientSecret,
      })
      .finally(() => fake.close());
    // Connecting starts a first run by itself: which of the two found the contacts is a matter of luck.
    expect(output).toMatch(/contacts: \w+ run \S+ completed, (create|unchanged) 3/);
    expect(await users()).toBe(before + 3);
  });

  it('starts a HubSpot to try it on', async () => {
    const ports = ['--port', '0', '--admin-port', '0', '--records', '1'];
    const fake = spawn('npm', ['run', '--silent', 'fake', '--', 'hubspot', ...ports], { detached: true });
    const [said] = await once(fake.stdout, 'data');
    expect(String(said)).toContain('http://127.0.0.1:');
    process.kill(-(fake.pid as number)); // npm and what it runs.
    await once(fake, 'close');
  });

  it('rebuilds the read model', async () => {
    const env = world.environment;
    await world.run('npm', ['run', '--silent', 'rollcall', '--', 'rebuild', 'identities'], env);
  });

  it('queues a job in PostgreSQL as docs/jobs.md shows it', async () => {
    const example = block('createPostgresBackend', read('docs/jobs.md')).replace("'user_1'", "'queued'");
    await world.script(example, { DATABASE_URL: world.database.url });
    await eventually(
      async () => (await world.send('/v1/identities/?identifier_key=queued')).body as unknown[],
      (found) => found.length === 1,
    );
  });

  it('lists every setting with its default', () => {
    const rows = [...readme.matchAll(/^\| (`[A-Z].*?) \| (.*?) \| .* \|$/gm)];
    const table = new Map(
      rows.flatMap(([, names = '', value = '']) =>
        [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => [name, /^`(.*)`$/.exec(value)?.[1]] as const),
      ),
    );
    expect([...table.keys()].sort()).toEqual([...settingNames].sort());
    const defaults = readConfig({}) as Record<string, unknown>;
    for (const [name, shown] of table) {
      expect([name, shown]).toEqual([
        name,
        defaults[name] === undefined ? undefined : String(defaults[name]),
      ]);
    }
  });
});

describeWithRedis('the examples for producers', (redis) => {
  it.each(['README.md', 'docs/jobs.md'])('in %s queue jobs that are done', async (file) => {
    const world = await World.open({
      REDIS_URL: redis.url,
      ROLLCALL_QUEUE_PREFIX: redis.prefix.slice(1, -1),
    });
    const example = block("import { Queue } from 'bullmq'", read(file)).replace(
      "'{rollcall}'",
      `'${redis.prefix}'`,
    );
    await world.script(example, { REDIS_URL: redis.url });
    await eventually(
      async () => (await world.send('/v1/identities/?identifier_key=user_1')).body as unknown[],
      (found) => found.length === 1,
    );
    await world.close();
  });
});

interface Block {
  readonly language: string;
  readonly text: string;
}

/** A service, and a shell and Node beside it as a reader has them. */
class World {
  private constructor(
    readonly service: ServiceProcess,
    readonly database: TestDatabase,
    readonly environment: Record<string, string>,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<World> {
    const database = await createTestDatabase();
    const environment = {
      DATABASE_URL: database.url,
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      ...env,
    };
    return new World(await ServiceProcess.start({ env: environment }), database, environment);
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.database.drop();
  }

  send(target: string) {
    return this.service.send('GET', target);
  }

  shell(commands: string, env: Record<string, string> = {}): Promise<string> {
    return this.run('bash', ['-euc', this.here(commands)], env);
  }

  /** In dist/, where imports resolve as in any file of the project and Git looks away. */
  async script(source: string, env: Record<string, string> = {}): Promise<string> {
    const file = path.resolve('dist', `readme-${randomBytes(4).toString('hex')}.mjs`);
    writeFileSync(file, this.here(source));
    try {
      return await this.run(process.execPath, [file], env);
    } finally {
      rmSync(file);
    }
  }

  /** The examples name the default address; this service has one of its own. */
  private here(text: string): string {
    return text.replaceAll('http://127.0.0.1:8283', this.service.url);
  }

  async run(program: string, args: string[], env: Record<string, string>): Promise<string> {
    const { PATH = '', HOME = '' } = process.env;
    const access = { ROLLCALL_URL: this.service.url, ROLLCALL_API_KEY: this.service.adminKey };
    const child = spawn(program, args, {
      env: { PATH, HOME, ...access, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      complaint += text;
    });
    await once(child, 'close');
    if (child.exitCode !== 0)
      throw new Error(`${args.at(-1)}\nended with ${child.exitCode}: ${output}${complaint}`);
    return output;
  }
}
